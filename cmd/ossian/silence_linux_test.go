//go:build amd64 || arm64

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary be a program that tries to get out.
func TestMain(m *testing.M) {
	if way := os.Getenv("OSSIAN_TEST_ESCAPE"); way != "" {
		escapes[way].try()
		return
	}
	os.Exit(m.Run())
}

// quiet are command lines that reach no other machine. A new command that can work
// offline belongs here.
var quiet = []struct {
	name, stdin string
	args        []string
	code        int // -1: depends on the machine
	says        string
	serves      bool // it is asked over loopback what says is the answer to
}{
	{name: "run offline", args: []string{"run", "--offline", "What is the capital of Japan?"}, says: "Tokyo"},
	{name: "run", args: []string{"run", "What is the capital of Japan?"}, says: "Tokyo"}, // no telemetry, no update check
	{name: "chat offline", args: []string{"chat", "--offline"}, stdin: "What is 17 + 25?\n/show\nWhat is the capital of Japan?\n", says: "Tokyo"},
	{name: "serve offline", args: []string{"serve", "--offline", "--addr", "127.0.0.1:0"}, serves: true, says: "Tokyo"},
	{name: "pull offline", args: []string{"pull", "--offline", "gpt-oss-20b"}, code: 1, says: "--offline forbids connections"},
	{name: "verify", args: []string{"verify", "gpt-oss-20b"}, code: 1, says: "no model"},
	{name: "doctor", args: []string{"doctor"}, says: "nano", code: -1},
	{name: "show", args: []string{"show"}, says: "nano"},
	{name: "list", args: []string{"list"}, says: "nano"},
	{name: "egress", args: []string{"egress"}, says: "0 connections"},
	{name: "version", args: []string{"version"}, says: "ossian"},
}

// TestSilence runs the built program under a trace of its system calls. It runs a
// second time where there is no route, for TestNoRoute.
func TestSilence(t *testing.T) {
	program := built(t)
	for _, q := range quiet {
		t.Run(q.name, func(t *testing.T) {
			cmd, said := command(t, program, q.args...)
			cmd.Stdin = strings.NewReader(q.stdin)
			wait := func() {}
			if q.serves {
				wait = visit(t, cmd, said)
			}
			calls, code, err := trace(cmd)
			wait()
			if err != nil {
				cannotTrace(t, err)
			}
			for _, c := range calls {
				if c.wrong != "" {
					t.Errorf("it would have made a call: %v", c)
				}
			}
			if q.serves != (len(calls) > 0) {
				t.Errorf("calls for the network: %v", calls)
			}
			if q.code >= 0 && code != q.code || code < 0 || !strings.Contains(said.String(), q.says) {
				t.Errorf("exit code %d, %s", code, said)
			}
		})
	}
}

// visit asks a server, as soon as it says where it is, and ends it. wait ends when it did.
func visit(t *testing.T, cmd *exec.Cmd, answer *bytes.Buffer) (wait func()) {
	said, say := io.Pipe()
	cmd.Stdout, cmd.Stderr = nil, say
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			_, at, ready := strings.Cut(lines.Text(), " answers at ")
			if !ready {
				continue
			}
			at, _, _ = strings.Cut(at, ";")
			resp, err := http.Post(at+"/chat/completions", "application/json", strings.NewReader(`{"messages": [{"role": "user", "content": "What is the capital of Japan?"}]}`))
			if err == nil {
				_, err = answer.ReadFrom(resp.Body)
				_ = resp.Body.Close()
			}
			if err != nil {
				t.Error(err)
			}
			_ = cmd.Process.Signal(os.Interrupt)
		}
	}()
	return func() { _ = say.Close(); <-done }
}

// TestSilenceCanFail holds that the trace catches what goes out: the program itself
// where it may, and every way there is.
func TestSilenceCanFail(t *testing.T) {
	program := built(t)
	for setting, want := range map[string]string{
		"HF_ENDPOINT=http://192.0.2.1:9":         "connect 192.0.2.1:9: not this machine",
		"HF_ENDPOINT=http://[2001:db8::1]:9":     "connect [2001:db8::1]:9: not this machine",
		"HF_ENDPOINT=http://hub.example.invalid": ":53: ", // its name would be asked for
		"HTTPS_PROXY=http://192.0.2.1:3128":      "connect 192.0.2.1:3128: not this machine",
	} {
		cmd, said := command(t, program, "pull", "gpt-oss-20b")
		cmd.Env = append(cmd.Env, "HTTP_PROXY=", "HTTPS_PROXY=", setting)
		caught(t, cmd, said, want)
	}
	for way, e := range escapes {
		cmd, said := command(t, os.Args[0])
		cmd.Env = append(cmd.Env, "OSSIAN_TEST_ESCAPE="+way)
		caught(t, cmd, said, e.caught)
	}
}

func caught(t *testing.T, cmd *exec.Cmd, said *bytes.Buffer, want string) {
	t.Helper()
	calls, code, err := trace(cmd)
	if err != nil {
		cannotTrace(t, err)
	}
	if code != -1 || len(calls) == 0 || !strings.Contains(calls[len(calls)-1].String(), want) {
		t.Errorf("%q is not what was caught: exit code %d, %v, %s", want, code, calls, said)
	}
}

// escapes are ways out of the machine. None is taken: the trace ends the program in front of it.
var escapes = map[string]struct {
	try    func()
	caught string
}{
	"tcp":  {func() { _, _ = net.DialTimeout("tcp", "192.0.2.1:9", time.Second) }, "connect 192.0.2.1:9: not this machine"},
	"udp":  {func() { _, _ = net.Dial("udp", "192.0.2.1:9") }, "connect 192.0.2.1:9: not this machine"},
	"name": {func() { _, _ = net.Dial("udp", "127.0.0.1:53") }, "connect 127.0.0.1:53: a name server"},
	"packet": {func() {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err == nil {
			_, _ = c.WriteTo([]byte("hello"), &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 9})
		}
	}, "sendto 192.0.2.1:9: not this machine"},
	"message": {func() {
		fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0)
		if err == nil {
			_ = unix.Sendmsg(fd, []byte("hello"), nil, &unix.SockaddrInet6{Port: 9, Addr: [16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 1}}, 0)
		}
	}, "sendmsg [2001:db8::1]:9: not this machine"},
	"server": {func() { _, _ = net.Listen("tcp", ":0") }, "not this machine"},
	"unix":   {func() { _, _ = net.Dial("unix", "/nowhere") }, "neither IPv4 nor IPv6"},
	"child": {func() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "OSSIAN_TEST_ESCAPE=udp")
		_ = cmd.Run()
	}, "connect 192.0.2.1:9: not this machine"},
	"ring": {func() { _, _, _ = unix.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0) }, "io_uring_setup"},
}

// TestNoRoute runs TestSilence in a network of its own, which has no way out at all:
// what answers there needs none.
func TestNoRoute(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestSilence$", "-test.v")
	cmd.Env = append(os.Environ(), "OSSIAN_TEST_NO_ROUTE=1", "OSSIAN_TEST_PROGRAM="+built(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	for _, refusal := range []error{syscall.EPERM, syscall.EACCES, syscall.EINVAL, syscall.ENOSPC, syscall.ENOSYS} {
		if errors.Is(err, refusal) {
			t.Skipf("this system lets nobody make a network of his own (user namespaces): %v", err)
		}
	}
	if err != nil || !bytes.Contains(out, []byte("PASS")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// built is the program, compiled as it is handed out, or as TestNoRoute passes it on.
func built(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("OSSIAN_TEST_PROGRAM"); path != "" {
		if _, err := net.DialTimeout("udp", "192.0.2.1:9", time.Second); !errors.Is(err, unix.ENETUNREACH) {
			t.Fatalf("there is a way out: %v", err)
		}
		up(t)
		return path
	}
	path, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// compiled is made once for all tests, in the folder of the test binary, which go test removes.
var compiled = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(os.Args[0]), "ossian-to-trace")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return path, err
})

// up switches a new network's loopback on.
func up(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
}

// command is a command line on a fresh machine whose environment names ways out.
func command(t *testing.T, program string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	home := t.TempDir()
	cmd := exec.Command(program, args...)
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "HTTP_PROXY=http://192.0.2.1:3128", "HTTPS_PROXY=http://192.0.2.1:3128"}
	said := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	return cmd, said
}

// cannotTrace skips where the kernel or a container refuses to trace, and fails otherwise.
func cannotTrace(t *testing.T, err error) {
	t.Helper()
	for _, refusal := range []error{unix.EPERM, unix.EACCES, unix.ENOSYS, unix.EIO} {
		if errors.Is(err, refusal) {
			t.Skipf("this system lets nobody trace system calls: %v", err)
		}
	}
	t.Fatal(err)
}
