package mem

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestHolders(t *testing.T) {
	root := fstest.MapFS{}
	for pid, text := range map[string]string{
		"1": "Name:\tinit\nRssAnon:\t  4 kB\n", "20": "Name:\tbrowser\nRssAnon:\t  3000 kB\n", "21": "Name:\tbrowser\nRssAnon:\t 2000 kB\n",
		"30": "Name:\teditor\nRssAnon:\t 4000 kB\n", "40": "Name:\tossian\nRssAnon:\t 90000 kB\n", "50": "Name:\tkthread\n", "self": "Name:\tx\nRssAnon: 1 kB\n",
	} {
		root["proc/"+pid+"/status"] = &fstest.MapFile{Data: []byte(text)}
	}
	want := []Holder{{"browser", 5000 << 10}, {"editor", 4000 << 10}}
	if got := holdersIn(root, 40, 2); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := holdersIn(fstest.MapFS{}, 1, 2); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
