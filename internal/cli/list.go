package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
)

type listCmd struct {
	JSON bool `name:"json" help:"Print one JSON array; sizes are in bytes."`
}

func (listCmd) Help() string {
	return `Lists the models that can be named with -m: the built-in one, the folders in ~/.ossian/models, and what was pulled, here or by another tool that shares the cache.

Example:

    ossian list`
}

// listed is one model of the list.
type listed struct {
	Name     string `json:"name"`
	Bytes    int64  `json:"bytes,omitempty"`
	Complete bool   `json:"complete"`
	Folder   string `json:"folder,omitempty"`
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
			where = "not complete: ossian pull " + m.Name + " goes on"
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
	for _, name := range installed(models) {
		dir := filepath.Join(models, name)
		m := listed{Name: name, Folder: dir, Complete: true}
		if at, err := s.find(dir); err == nil {
			_, m.Bytes = weightFiles(at.fsys)
		}
		list = append(list, m)
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
		list = append(list, listed{Name: m.String(), Bytes: m.Bytes, Complete: m.Complete, Folder: m.Dir})
	}
	return list, nil
}
