package cli

import (
	"context"
	"fmt"
	"path"
	"time"

	"ossian/internal/bundle"
	"ossian/internal/hub"
)

// folder verifies a model outside the hub's cache, and tells how many files are damaged.
// Hashes that are not known yet are written down.
func (c *verifyCmd) folder(ctx context.Context, sys *system, at place) (damaged int, err error) {
	names, err := modelFiles(at.fsys)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", at, err)
	}
	kept, err := sys.hashes(at.dir)
	if err != nil {
		return 0, err
	}
	rec, err := bundle.ReadRecord(kept.file)
	if err != nil {
		return 0, err
	}
	if rec == nil {
		rec = bundle.NewRecord(kept.folder, "its first verification on "+sys.now().Format(time.DateOnly))
	}
	t := &transfer{sys: sys, quiet: c.Quiet}
	list, err := rec.Verify(ctx, at.fsys, names, bundle.Options{Progress: t.update, Note: t.note})
	t.done()
	if err != nil {
		return 0, err
	}
	recorded, changed := 0, false
	for i, said := range judge(list, hub.Published()) {
		f := &list[i]
		fmt.Fprintf(sys.stdout, "%12s  %s: %s\n", inBytes(f.Size), f.Path, said)
		switch {
		case f.Wrong != "":
			damaged++
			changed = changed || !f.New
		case f.New:
			rec.Add(f.File)
			recorded++
		}
	}
	if recorded < len(list) {
		fmt.Fprintf(sys.stdout, "compared with what is known from %s\n", rec.Origin)
	}
	if changed {
		fmt.Fprintf(sys.stdout, "if you changed a file yourself, remove %s and verify again\n", kept.file)
	}
	if recorded > 0 {
		if err := rec.Write(kept.file); err != nil {
			return damaged, err
		}
		fmt.Fprintf(sys.stdout, "the hashes of %d files are recorded now: damage from here on will be found\n", recorded)
	}
	return damaged, nil
}

// judge puts into words what was found of each file, and knows the published ones. A
// file that was never seen before is wrong only if the folder is a published model in
// its other files: alone, it may as well be another model's of the same shape.
func judge(list []bundle.Checked, published map[string][]hub.File) (said []string) {
	model := ""
	for repo, files := range published {
		for _, p := range files {
			for _, f := range list {
				if f.SHA256 == p.Hash && f.Wrong == "" {
					model = repo
				}
			}
		}
	}
	for i := range list {
		f := &list[i]
		text := "sound"
		if f.New {
			text = "seen for the first time"
		}
		for repo, files := range published {
			for _, p := range files {
				named := path.Base(p.Path) == path.Base(f.Path) && p.Size == f.Size
				switch {
				case f.SHA256 == p.Hash && f.Wrong == "":
					text = "sound, as published in " + repo
				case named && f.New && repo == model:
					f.Wrong = "its hash is not the published one"
				case named && f.New:
					text = "seen for the first time; " + repo + " has a file of this name and size with another hash, so this is another model, or damaged"
				}
			}
		}
		if f.Wrong != "" {
			text = f.Wrong
			if f.Bad > 0 {
				text += fmt.Sprintf(" (%d of %d chunks are damaged)", f.Bad, f.Chunks)
			}
		}
		said = append(said, text)
	}
	return said
}
