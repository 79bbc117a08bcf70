package lint

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "ossian"

// file is one parsed Go file of the module, path slash-separated from the root.
type file struct {
	path string
	pkg  string // directory, as in the table
	test bool
	gen  bool
	src  []byte
	ast  *ast.File
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatalf("not at the module root: %v", err)
	}
	return dir
}

// sources parses every Go file of this module; nested modules are skipped.
func sources(t *testing.T) []file {
	t.Helper()
	dir := root(t)
	var files []file
	fset := token.NewFileSet()
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(p, dir), string(filepath.Separator)))
		if d.IsDir() {
			if name := d.Name(); p != dir && (name[0] == '.' || name[0] == '_' || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && p != dir {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file{
			path: rel, pkg: path.Dir(rel), src: src, ast: parsed,
			test: strings.HasSuffix(p, "_test.go"), gen: ast.IsGenerated(parsed),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func layerOf(pkg string) int {
	for i, l := range layers {
		if slices.Contains(l.packages, pkg) {
			return i
		}
	}
	return -1
}

func imports(f file) []string {
	var out []string
	for _, s := range f.ast.Imports {
		out = append(out, strings.Trim(s.Path.Value, `"`))
	}
	return out
}

func TestLayers(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range sources(t) {
		seen[f.pkg] = true
		if slices.Contains(standalone, f.pkg) {
			continue
		}
		from := layerOf(f.pkg)
		if from < 0 {
			t.Errorf("%s: package %s is in no layer.\n\tRemedy: add it to the table in internal/lint/table_test.go and to docs/architecture.md.", f.path, f.pkg)
			continue
		}
		if f.test {
			continue // a test may reach for real neighbours
		}
		for _, imp := range imports(f) {
			pkg, own := strings.CutPrefix(imp, module+"/")
			if !own {
				continue
			}
			if to := layerOf(pkg); to < 0 {
				t.Errorf("%s imports %s, which is in no layer.\n\tRemedy: give it a place in internal/lint/table_test.go.", f.path, pkg)
			} else if to >= from {
				t.Errorf("%s (layer %s) imports %s (layer %s).\n\tRemedy: imports go down only. Declare the small interface you need here and let the caller pass it in, or move the idea to a lower package.",
					f.path, layers[from].name, pkg, layers[to].name)
			}
		}
	}
	for _, l := range layers {
		for _, p := range l.packages {
			if !seen[p] {
				t.Errorf("the layer table names %s, which does not exist.\n\tRemedy: remove it from internal/lint/table_test.go; rooms are added when an idea needs one.", p)
			}
		}
	}
}

func TestDependencyOwners(t *testing.T) {
	for _, f := range sources(t) {
		for _, imp := range imports(f) {
			first, _, _ := strings.Cut(imp, "/")
			if !strings.Contains(first, ".") { // standard library or our own
				continue
			}
			ok := f.test && slices.ContainsFunc(testOnly, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") })
			for m, pkgs := range owners {
				if (imp == m || strings.HasPrefix(imp, m+"/")) && (slices.Contains(pkgs, f.pkg) || f.test) {
					ok = true
				}
			}
			if !ok {
				t.Errorf("%s imports %s, which is not its to import.\n\tRemedy: use the owner package, or state owner and reason in go.mod and internal/lint/table_test.go.", f.path, imp)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, f := range sources(t) {
		name := strings.TrimSuffix(f.ast.Name.Name, "_test")
		if slices.Contains(forbidden, name) {
			t.Errorf("%s: package name %q says nothing.\n\tRemedy: name the idea, or move each function to the package that needs it.", f.path, name)
		}
	}
}

func TestFileSize(t *testing.T) {
	for _, f := range sources(t) {
		if n := bytes.Count(f.src, []byte("\n")); n > maxLines && !f.test && !f.gen {
			t.Errorf("%s has %d lines, more than %d.\n\tRemedy: split it by idea; the second idea deserves its own file.", f.path, n, maxLines)
		}
	}
}

func TestPackageDocs(t *testing.T) {
	documented, where := map[string]bool{}, map[string]string{}
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		where[f.pkg] = f.path
		if f.ast.Doc != nil && len(f.ast.Doc.Text()) > 60 {
			documented[f.pkg] = true
		}
	}
	for pkg, p := range where {
		if !documented[pkg] {
			t.Errorf("%s: package %s has no package comment.\n\tRemedy: say what it is, why it is separate, and its memory or concurrency contract.", p, pkg)
		}
	}
}

// TestNoGlobals refuses init functions and package variables without a value:
// both are state that somebody else changes. Tables and sentinel errors are fine.
func TestNoGlobals(t *testing.T) {
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		embeds := bytes.Contains(f.src, []byte("//go:embed "))
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s has an init function.\n\tRemedy: do it in a constructor that the caller calls.", f.path)
				}
			case *ast.GenDecl:
				if d.Tok != token.VAR || embeds {
					continue
				}
				for _, s := range d.Specs {
					if v := s.(*ast.ValueSpec); len(v.Values) == 0 {
						t.Errorf("%s: package variable %s has no value, so something sets it later.\n\tRemedy: pass it, or keep it in a struct.", f.path, v.Names[0].Name)
					}
				}
			}
		}
	}
}
