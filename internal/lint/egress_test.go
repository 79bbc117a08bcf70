package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// guardian is the only package that may reach other machines.
const guardian = "internal/egress"

// outward are the names of the standard library (and x/sys) that open a connection, ask
// a name server, make a socket that can send anywhere, or start a program, which could do
// all that. http.Client is fine behind a pointer: somebody made it.
var outward = map[string][]string{
	"net": {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer", "Resolver", "DefaultResolver",
		"LookupAddr", "LookupCNAME", "LookupHost", "LookupIP", "LookupMX", "LookupNS", "LookupPort", "LookupSRV", "LookupTXT",
		"ResolveIPAddr", "ResolveTCPAddr", "ResolveUDPAddr",
		"ListenPacket", "ListenUDP", "ListenMulticastUDP", "ListenIP", "ListenUnixgram", "FileConn", "FilePacketConn"},
	"net/http":              {"Client", "DefaultClient", "DefaultTransport", "Transport", "Get", "Head", "Post", "PostForm"},
	"net/http/httputil":     {"ReverseProxy", "NewSingleHostReverseProxy"},
	"os":                    {"StartProcess"},
	"os/exec":               {"Command", "CommandContext", "Cmd"},
	"net/rpc":               {"Dial", "DialHTTP", "DialHTTPPath"},
	"net/rpc/jsonrpc":       {"Dial"},
	"net/smtp":              {"Dial", "SendMail"},
	"crypto/tls":            {"Dial", "DialWithDialer", "Dialer"},
	"log/syslog":            {"New", "NewLogger", "Dial"},
	"syscall":               {"Connect", "Socket", "Sendto", "Sendmsg", "SendmsgN", "Exec", "ForkExec", "StartProcess"},
	"golang.org/x/sys/unix": {"Connect", "Socket", "Sendto", "Sendmsg", "SendmsgN", "Exec"},
}

// wayAround lists the names by which a file would go past the guard.
func wayAround(f *ast.File) (found []string) {
	names := map[string]string{} // local name -> import path
	for _, s := range f.Imports {
		path := strings.Trim(s.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		if s.Name != nil {
			name = s.Name.Name
		}
		if _, watched := outward[path]; watched {
			if name == "." {
				found = append(found, "a dot import of "+path)
			}
			names[name] = path
		}
	}
	behind := map[ast.Node]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StarExpr:
			behind[n.X] = true
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok || !slices.Contains(outward[names[x.Name]], n.Sel.Name) {
				break
			}
			if behind[n] && n.Sel.Name == "Client" {
				break
			}
			found = append(found, x.Name+"."+n.Sel.Name)
		}
		return true
	})
	return found
}

func TestEgress(t *testing.T) {
	for _, f := range sources(t) {
		if f.test || f.pkg == guardian || slices.Contains(standalone, f.pkg) {
			continue
		}
		for _, name := range wayAround(f.ast) {
			t.Errorf("%s uses %s, which goes past the egress guard.\n\tRemedy: take an *http.Client or a dial function that internal/egress made; the composition root passes it in. A program that must be started needs an exception here, and a line in docs/silence.md.", f.path, name)
		}
	}
}

// TestEgressRule holds that the rule sees what it is for, and no more.
func TestEgressRule(t *testing.T) {
	for body, want := range map[string]int{
		`import "net"; var _, _ = net.Dial("tcp", "x:1")`:                                      1,
		`import n "net"; var d n.Dialer`:                                                       1,
		`import "net/http"; func f() { http.Get("x"); http.DefaultClient.Get("x") }`:           2,
		`import "net/http"; var c = http.Client{}`:                                             1,
		`import "net/http"; var c = &http.Client{}`:                                            1,
		`import "net/http"; var c = new(http.Client)`:                                          1,
		`import . "net/http"; var c = DefaultClient`:                                           1,
		`import "net/http"; func f(c *http.Client) { d := *c; _, _ = d.Get("x") }`:             0,
		`import "net"; import "net/http"; var l, _ = net.Listen("tcp", ""); var s http.Server`: 0,
		`import "net"; var _, _ = net.ListenPacket("udp", ":0")`:                               1,
		`import "os/exec"; var _ = exec.Command("curl", "x")`:                                  1,
		`import "os"; import "os/exec"; var _, _ = exec.LookPath("x"); var _ = os.Getpid()`:    0,
		`import "example.org/net"; var _ = net.Dial`:                                           0,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+body, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := wayAround(f); len(got) != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}
