package code_test

import (
	"encoding/json"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"quartermaster/handlers/code"
)

var objectOperations = []string{code.PutObject, code.GetObject, code.HeadObject, code.DeleteObject, code.ListObjectsV2}

// eachObject gives each operation on files with each hostile key in a language.
func eachObject(l code.Language, do func(op, key, written string)) {
	for _, op := range objectOperations {
		for _, key := range hostile {
			do(op, key, code.Object{Region: "cn-beijing", Bucket: "team-files", Key: key}.Write(op, l, base))
		}
	}
}

func TestFilesAreWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, l := range code.ObjectLanguages {
		eachObject(l, func(op, key, written string) {
			if !strings.Contains(written, op) || !strings.Contains(written, base) || !strings.Contains(written, "team-files") {
				t.Errorf("%s of %q as %s: got\n%s", op, key, l, written)
			}
		})
	}
	for _, none := range []string{
		code.Object{Bucket: "b"}.Write("DropBucket", code.Go, base), code.Object{Bucket: "b"}.Write(code.GetObject, code.JSON, base),
	} {
		if none != "" {
			t.Errorf("got %q for what is not known", none)
		}
	}
	if got := (code.Object{Bucket: "b", Key: "k"}).Write(code.GetObject, code.Go, base); !strings.Contains(got, `WithRegion("cn-hangzhou")`) {
		t.Errorf("without a region: got\n%s", got)
	}
}

// The tools' commands are one command to bash, in which the key is one word.
func TestCommandsForFilesHoldTheKey(t *testing.T) {
	t.Parallel()
	for _, l := range []code.Language{code.OSSUtil, code.CLI} {
		var script strings.Builder
		var want []string
		eachObject(l, func(_, key, written string) {
			script.WriteString(written)
			want = append(want, "oss://team-files/"+key)
		})
		cmd := exec.CommandContext(t.Context(), "bash", "--norc", "-c", `ossutil() { for word; do case $word in oss://*) printf '%s\0' "$word";; esac; done; }; aliyun() { ossutil "$@"; }`+"\n"+script.String())
		out, err := cmd.Output()
		if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", l, got, err, want)
		}
	}
}

func TestProgramsForFilesParseAndHoldTheKey(t *testing.T) {
	t.Parallel()
	eachObject(code.Go, func(op, key, written string) {
		file, err := parser.ParseFile(token.NewFileSet(), "main.go", written, parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%s: %v\n%s", op, err, written)
		}
		if clean, err := format.Source([]byte(written)); err != nil || string(clean) != written {
			t.Fatalf("%s: not as gofmt has it: %v\n%s", op, err, written)
		}
		there := false
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.BasicLit); ok && v.Kind == token.STRING {
				text, err := strconv.Unquote(v.Value)
				there = there || err == nil && text == key
			}
			return true
		})
		if !there {
			t.Errorf("%s: %q is not in\n%s", op, key, written)
		}
	})
	for l, tool := range map[code.Language][]string{
		code.Python: {"python3", "-c", python},
		code.Node: {"node", "-e", `const out = []
for (const program of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
  const values = [], keep = (v) => { if (v && typeof v === 'object') Object.values(v).forEach(keep); else values.push(String(v)) }
  const any = new Proxy(function () {}, { get: (_, name) => (...args) => { args.forEach(keep); return { then() {} } }, construct: (_, args) => { args.forEach(keep); return any } })
  new Function('require', 'process', program)(() => any, { env: {} })
  out.push(values)
}
process.stdout.write(JSON.stringify(out))`},
	} {
		var keys, programs []string
		eachObject(l, func(_, key, written string) { keys, programs = append(keys, key), append(programs, written) })
		in, err := json.Marshal(programs)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), tool[0], tool[1:]...)
		cmd.Stdin = strings.NewReader(string(in))
		out, err := cmd.Output()
		var values [][]string
		if err != nil || json.Unmarshal(out, &values) != nil || len(values) != len(keys) {
			t.Fatalf("%s: %v: %s", l, err, out)
		}
		for i, key := range keys {
			if !slices.Contains(values[i], key) {
				t.Errorf("%s: %q is not in\n%s", l, key, programs[i])
			}
		}
	}
}
