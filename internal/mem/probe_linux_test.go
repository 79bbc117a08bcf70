package mem

import (
	"testing"
	"testing/fstest"
)

func TestAvailableHeedsControlGroups(t *testing.T) {
	const meminfo = "MemTotal:       1000 kB\nMemFree:  1 kB\nMemAvailable:    800 kB\n"
	type files map[string]string
	for name, c := range map[string]struct {
		files files
		want  int64
		ok    bool
	}{
		"no files":   {files{}, 0, false},
		"no group":   {files{"proc/meminfo": meminfo}, 800 << 10, true},
		"no meminfo": {files{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "4096\n", "sys/fs/cgroup/memory.current": "96\n"}, 4000, true},
		"unlimited": {files{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n",
			"sys/fs/cgroup/a/memory.max": "max\n", "sys/fs/cgroup/a/memory.current": "4096\n"}, 800 << 10, true},
		"own limit": {files{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n",
			"sys/fs/cgroup/a/memory.max": "409600\n", "sys/fs/cgroup/a/memory.current": "102400\n",
			"sys/fs/cgroup/a/memory.stat": "anon 5\ninactive_file 40960\nactive_file 10240\n"}, 358400, true},
		"parent's limit": {files{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "8192\n", "sys/fs/cgroup/a/memory.current": "4096\n"}, 4096, true},
		"path of the host": {files{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/../docker/123\n",
			"sys/fs/cgroup/memory.max": "8192\n", "sys/fs/cgroup/memory.current": "9000\n"}, 0, true},
		"version 1": {files{"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu:/x\n4:hugetlb,memory:/j\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "1\n",
			"sys/fs/cgroup/memory/j/memory.limit_in_bytes": "65536\n", "sys/fs/cgroup/memory/j/memory.usage_in_bytes": "40960\n",
			"sys/fs/cgroup/memory/j/memory.stat": "inactive_file 1\ntotal_inactive_file 8000\ntotal_active_file 192\n"}, 32768, true},
		"nonsense": {files{"proc/meminfo": "MemAvailable: x kB\n", "proc/self/cgroup": "::\n0\n\n",
			"sys/fs/cgroup/memory.max": "-5\n"}, 0, false},
	} {
		root := fstest.MapFS{}
		for p, text := range c.files {
			root[p] = &fstest.MapFile{Data: []byte(text)}
		}
		if got, ok := availableIn(root); ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %d %v, want %d %v", name, got, ok, c.want, c.ok)
		}
	}
}

func TestPeakRSSGrowsWithTouchedMemory(t *testing.T) {
	before, ok := PeakRSS()
	if !ok {
		t.Skip("no /proc here")
	}
	const size = 64 << 20
	a, err := NewArena(size)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := a.Alloc(size, 4096)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	// The kernel keeps the count per processor and lags a little.
	if after, _ := PeakRSS(); after-before < size/2 && after < size {
		t.Errorf("%d bytes before, %d after touching %d", before, after, size)
	}
}

func TestSurveyNamesWhatBounds(t *testing.T) {
	const meminfo = "MemTotal:       1000 kB\nMemAvailable:    800 kB\n"
	group := map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
		"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.current": "5\n",
		"sys/fs/cgroup/a/memory.max": "409600\n", "sys/fs/cgroup/a/memory.current": "102400\n"}
	for name, c := range map[string]struct {
		files map[string]string
		want  Survey
	}{
		"nothing":   {nil, Survey{}},
		"machine":   {map[string]string{"proc/meminfo": meminfo}, Survey{Total: 1000 << 10, Available: 800 << 10}},
		"container": {group, Survey{Total: 1000 << 10, Available: 307200, Limit: 409600, Limited: true}},
		"pages": {map[string]string{"sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n"},
			Survey{HugePages: "madvise"}},
	} {
		root := fstest.MapFS{}
		for p, text := range c.files {
			root[p] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := lookIn(root); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
