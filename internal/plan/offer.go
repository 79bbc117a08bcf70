package plan

import (
	"strings"

	"ossian/internal/hub"
	"ossian/internal/model"
)

// Catalogue are the models that can be fetched by name, as published.
func Catalogue() (list []*Model) {
	for _, m := range hub.Catalogue() {
		cfg := model.GptOss20B()
		if strings.HasSuffix(m.Repo, "-120b") {
			cfg = model.GptOss120B()
		}
		list = append(list, Published(m.Short(), cfg, m.Bytes))
	}
	return list
}

// Offer is the model of the catalogue that suits a machine best, and how it would run.
type Offer struct {
	Name  string // as ossian pull takes it
	Bytes int64  // to fetch
	Plan
}

// Best is the largest model for general use that fits into memory and on the disk, with
// its fastest plan; ok is false where none does, or where nothing is known of the memory.
func Best(mc *Machine) (o Offer, ok bool) {
	if mc.Available <= 0 {
		return o, false
	}
	for _, m := range Catalogue() {
		p := m.Choose(mc, Wish{Holds: []Hold{Q8, BF16}})
		special := strings.Contains(m.Name, "safeguard")
		if p.Fits && !special && m.Fetch > o.Bytes && (mc.Disk <= 0 || m.Fetch <= mc.Disk) {
			o, ok = Offer{m.Name, m.Fetch, p}, true
		}
	}
	return o, ok
}
