package cli

import (
	"encoding/json"
	"fmt"
)

type listCmd struct {
	JSON bool `name:"json" help:"Print one JSON array; sizes are in bytes."`
}

func (listCmd) Help() string {
	return `Lists the models that can be named with -m: the built-in one, the folders and .gguf files in ~/.ossian/models, those that ossian use named, and what was pulled, here or by another tool that shares the cache.

Example:

    ossian list`
}

// listed is one model of the list.
type listed struct {
	Name     string `json:"name"`
	Bytes    int64  `json:"bytes,omitempty"`
	Complete bool   `json:"complete"`
	Folder   string `json:"folder,omitempty"`
	InPlace  bool   `json:"in_place,omitempty"` // it lies elsewhere
	lacks    string // why it is not complete, and what to do
}

func (c *listCmd) Run(sys *system) error {
	list, err := sys.listed()
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(sys.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(list)
	}
	for _, m := range list {
		where := m.Folder
		switch {
		case m.Name == builtin && m.Folder == "":
			where = "built in"
		case !m.Complete:
			where = m.lacks
		case m.InPlace:
			where += ", in place"
		}
		n := ""
		if m.Bytes > 0 {
			n = size(m.Bytes)
		}
		fmt.Fprintf(sys.stdout, "%-28s %10s  %s\n", m.Name, n, where)
	}
	return nil
}

func (s *system) listed() ([]listed, error) {
	list := []listed{{Name: builtin, Complete: true}}
	models, err := s.modelsDir()
	if err != nil {
		return nil, err
	}
	for _, e := range entries(models) {
		list = append(list, e.listed())
	}
	settings, err := s.hubSettings()
	if err != nil {
		return nil, err
	}
	pulled, err := settings.List()
	if err != nil {
		return nil, err
	}
	for _, m := range pulled {
		list = append(list, listed{Name: m.String(), Bytes: m.Bytes, Complete: m.Complete, Folder: m.Dir,
			lacks: "not complete: ossian pull " + m.String() + " goes on"})
	}
	return list, nil
}

func (e entry) listed() listed {
	m := listed{Name: e.name, Folder: e.path, InPlace: e.target != ""}
	at, err := e.place()
	if err != nil {
		m.lacks = err.Error()
		return m
	}
	m.Folder = at.dir
	if _, m.Bytes = weightFiles(at.fsys); m.Bytes > 0 {
		m.Complete = true
	} else {
		m.lacks = at.dir + " holds no .safetensors or .gguf file; ossian rm " + e.name + " removes it"
		if m.InPlace {
			m.lacks = at.dir + " holds no .safetensors or .gguf file; ossian rm " + e.name + " forgets the name"
		}
	}
	return m
}
