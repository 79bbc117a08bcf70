package plan

import (
	"strings"
	"testing"

	"ossian/internal/model"
)

func TestChooseAdapts(t *testing.T) {
	m := Published("20b", model.GptOss20B(), 13_790_000_000)
	for _, c := range []struct {
		available float64
		wish      Wish
		want      Setting
		fits      bool
	}{
		{64e9, Wish{}, Setting{Hold: Q8, Context: 32768}, true},
		{0, Wish{}, Setting{Hold: Q8, Context: 32768}, true}, // not known
		{14e9, Wish{}, Setting{Hold: Q8, Context: 8192}, true},
		{14e9, Wish{Holds: []Hold{BF16, Q8, Map}}, Setting{Hold: Q8, Context: 8192}, true},
		{14e9, Wish{Holds: []Hold{BF16, Map}}, Setting{Hold: Map, Context: 32768}, true},
		{8e9, Wish{}, Setting{Hold: Map, Context: 32768}, true},
		{8e9, Wish{Holds: []Hold{Q8, BF16}}, Setting{Hold: Q8, Context: 2048}, false},
		{64e9, Wish{Context: 131072, Users: 20}, Setting{Hold: Map, Context: 131072, Users: 20}, false},
		{16e9, Wish{Context: 131072}, Setting{Hold: Map, Context: 131072}, true},
		{1e6, Wish{}, Setting{Hold: Map, Context: 2048}, false},
	} {
		p := m.Choose(&Machine{Available: int64(c.available)}, c.wish)
		if p.Hold != c.want.Hold || p.Context != c.want.Context || p.Fits != c.fits || p.Users != max(c.want.Users, 1) {
			t.Errorf("%.1f GB, %+v: %+v", c.available/1e9, c.wish, p)
		}
		if c.available > 0 && p.Fits != (p.Need.Total() <= int64(c.available)) {
			t.Errorf("%+v says that it fits: %v", p.Need, p.Fits)
		}
	}
}

// TestMappedRate: weights that memory does not hold come from the disk at its rate.
func TestMappedRate(t *testing.T) {
	m := Published("20b", model.GptOss20B(), 0)
	s := Setting{Hold: Map, Context: 2048}
	rate := func(available, disk float64) float64 {
		return m.Plan(&Machine{Available: int64(available), Read: 30e9, DiskRead: disk}, s).Rate.First
	}
	all, half, slow, unknown := rate(64e9, 1e9), rate(8e9, 1e9), rate(8e9, 0.5e9), rate(8e9, 0)
	if !(all > 4*half && half > 1.5*slow && slow > 0) || unknown != 0 {
		t.Errorf("%v, %v, %v, %v tokens/s", all, half, slow, unknown)
	}
}

// TestUsers: several write more together, each less; the memory of their contexts adds up.
func TestUsers(t *testing.T) {
	m := Published("20b", model.GptOss20B(), 0)
	mc := &Machine{Read: 30e9, Int8: 400e9}
	one, four := m.Plan(mc, Setting{Hold: Q8, Context: 8192}), m.Plan(mc, Setting{Hold: Q8, Context: 8192, Users: 4})
	if four.Need.KV != 4*one.Need.KV || four.Rate.First >= one.Rate.First || four.Rate.All <= one.Rate.All {
		t.Errorf("%+v, %+v", one, four)
	}
}

func TestBestOffer(t *testing.T) {
	for _, c := range []struct {
		available, disk float64
		want            string
	}{
		{8e9, 1e12, ""}, {14e9, 1e12, "gpt-oss-20b"}, {60e9, 1e12, "gpt-oss-20b"}, {72e9, 1e12, "gpt-oss-120b"},
		{72e9, 50e9, "gpt-oss-20b"}, {72e9, 5e9, ""}, {72e9, 0, "gpt-oss-120b"}, {0, 1e12, ""},
	} {
		o, ok := Best(&Machine{Available: int64(c.available), Disk: int64(c.disk), Read: 30e9})
		if o.Name != c.want || ok != (c.want != "") || ok && (!o.Fits || o.Rate.First <= 0 || o.Bytes < 10e9) {
			t.Errorf("%+v: %+v", c, o)
		}
	}
}

// TestRefusal: the arithmetic, what would fit, and what to do.
func TestRefusal(t *testing.T) {
	m := Published("20b", model.GptOss20B(), 0)
	for _, c := range []struct {
		mc   Machine
		wish Wish
		want []string
	}{
		{Machine{Available: 8e9, Within: "are free"}, Wish{Holds: []Hold{Q8}},
			[]string{"20b needs 13.3", "weights 12.64 GB", "for 2048 tokens", "8.00 GB are free: 5.3", "what fits: --weights map --context 32768"}},
		{Machine{Available: 15e9, Within: "are free"}, Wish{Holds: []Hold{Q8}, Context: 131072},
			[]string{"for 131072 tokens", "what fits: --dense q8 --context 32768, or --dense bf16 --weights read --context 8192"}},
		{Machine{Available: 1e8, Within: "are free"}, Wish{}, []string{"close other programs"}},
		{Machine{Available: 1e8, Within: "are left", Limited: true}, Wish{}, []string{"raise the container's limit"}},
		{Machine{Available: 30e9, Within: "are free"}, Wish{Holds: []Hold{Q8}, Context: 65536, Users: 9}, []string{"for each of 9 users"}},
	} {
		p := m.Choose(&c.mc, c.wish)
		if p.Fits {
			t.Fatalf("%+v fits", c.wish)
		}
		text := m.Refuse(&c.mc, c.wish, p).Error()
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
	}
}
