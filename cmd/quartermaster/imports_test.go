package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// layers are the folders of the house from left to right: a folder imports
// only from itself and from those to its right.
var layers = []string{"cmd", "handlers", "web", "views", "models", "static"}

const module = "quartermaster/"

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	eachGoFile(t, func(name string, file *ast.File, _ *token.FileSet) {
		from := slices.Index(layers, top(name))
		if from < 0 {
			t.Errorf("%s: got a folder outside the layout, want one of %v", name, layers)
		}
		for _, imported := range imports(file) {
			if strings.HasPrefix(imported, "gorm.io/") && top(name) != "models" {
				t.Errorf("%s imports %s: only models sees GORM", name, imported)
			}
			ours, ok := strings.CutPrefix(imported, module)
			if !ok {
				continue
			}
			if to := slices.Index(layers, top(ours)); to < from {
				t.Errorf("%s imports %s: imports point from left to right of %v", name, imported, layers)
			}
		}
	})
}

func TestTimeEntersInOnePlace(t *testing.T) {
	t.Parallel()
	const clock = "models/clock.go"
	now := []string{"Now", "Since", "Until"}
	eachGoFile(t, func(name string, file *ast.File, fset *token.FileSet) {
		if name == clock || !slices.Contains(imports(file), "time") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" && pkg.Obj == nil && slices.Contains(now, sel.Sel.Name) {
				t.Errorf("%s: got time.%s, want the time taken from the clock in %s", fset.Position(sel.Pos()), sel.Sel.Name, clock)
			}
			return true
		})
	})
}

// inline is what the content policy of every page blocks, so that it would
// fail in silence.
var inline = map[string]*regexp.Regexp{
	"a style attribute":    regexp.MustCompile(`[\s"}]style\s*=\s*["{]`),
	"a style element":      regexp.MustCompile(`(?i)<style\b`),
	"an inline script":     regexp.MustCompile(`(?i)<script(\s[^>]*)?>\s*[^<\s]`),
	"a templ script block": regexp.MustCompile(`(?m)^script\s+\w+\(`),
	"an event attribute":   regexp.MustCompile(`(?i)[\s"}]on[a-z]+\s*=\s*["{]`),
	"hx-on":                regexp.MustCompile(`\bhx-on\b`),
	"a computed htmx value": regexp.MustCompile(
		`\bhx-[a-z-]+(:[a-z-]+)*="(js|javascript):`),
	"a filter in hx-trigger": regexp.MustCompile(`\bhx-trigger(:[a-z-]+)*="[^"]*\[`),
}

func TestViewsHoldNothingInline(t *testing.T) {
	t.Parallel()
	eachFile(t, ".templ", func(name string, text []byte) {
		for what, pattern := range inline {
			for _, at := range pattern.FindAllIndex(text, -1) {
				line := 1 + strings.Count(string(text[:at[0]]), "\n")
				t.Errorf("%s:%d: got %s: %q", name, line, what, text[at[0]:at[1]])
			}
		}
	})
}

// eachGoFile visits the Go files of the program: no tests, and not the packages
// that exist for tests alone.
func eachGoFile(t *testing.T, visit func(name string, file *ast.File, fset *token.FileSet)) {
	t.Helper()
	fset := token.NewFileSet()
	eachFile(t, ".go", func(name string, text []byte) {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test") {
			return
		}
		file, err := parser.ParseFile(fset, name, text, 0)
		if err != nil {
			t.Error(err)
			return
		}
		visit(name, file, fset)
	})
}

// foreign are folders that hold nothing of the program's source.
var foreign = []string{"node_modules", "testdata", "quartermaster-data", "quartermaster-demo"}

// eachFile visits the files of the repository that end in ext, under their
// names from its root.
func eachFile(t *testing.T, ext string, visit func(name string, text []byte)) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if base := path.Base(name); name != "." && (strings.HasPrefix(base, ".") || slices.Contains(foreign, base)) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ext {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		visit(name, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func imports(file *ast.File) []string {
	var paths []string
	for _, spec := range file.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, "`\""))
	}
	return paths
}

func top(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first
}
