package code_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"quartermaster/handlers/code"
)

const base = "http://127.0.0.1:8080"

// hostile are texts that mean something to a shell, a language or a format.
var hostile = []string{
	"plain", "it's", `"double"`, `back\slash`, `\`, `\\`, `\'`, "$HOME", "${HOME}", "$(id)", "`id`", "a\nb", "a\r\nb", "\n", "a\tb", "-x", "--body=x",
	"-", "@file", "#no comment", "a #b", "a & b; c | d > e < f", "x=y&z=1", "100%", "%41%0a", "a+b", "版本", "😀", "\u2028", "é\u0301", "<b>&amp;</b>",
	"*", "~", "!!", "{}", "[1]", "$'\\n'", "'; curl evil #", `\u000a`, `\u0022`, "*/ //", "\x01\x1b[31m\x7f", "null", "true", "007", "1e9", "  two  ", "\v\f\b",
	"{\"a\":1}", "EOF", "%s%d", "\\x41", "\\101", "'''", `"""`, "a'\\''b", "oss://b/k ey.war", "a\u202eb", "\\\u200b",
}

// documented are the forms of each operation, with the fields that the
// documents know.
var documented = map[string][]string{
	"CreateStorage":         {"region"},
	"CreatePkgVersion":      {"app_id", "label", "source", "description"},
	"CreateApplication":     {"region", "app_name", "category", "description"},
	"CreateResourcePackage": {"product_code", "package_type", "specification", "duration", "pricing_cycle", "effective_date"},
	"CreateStore": {"store_name", "region", "availability_zones", "cu", "num", "charge_mode", "period_type", "period_num", "auto_renew",
		"auto_pay", "description"},
}

// anyForm is a form with any of its fields filled in with anything. The region
// of the operations that need one is always there.
func anyForm(r *rand.Rand, op string) url.Values {
	text := func() string {
		s := ""
		for range 1 + r.IntN(3) {
			s += hostile[r.IntN(len(hostile))]
		}
		return s
	}
	form := url.Values{}
	for _, field := range documented[op] {
		switch {
		case field != "region" && r.IntN(4) == 0:
		case field == "auto_renew" || field == "auto_pay":
			form.Set(field, "true")
		case (field == "num" || field == "period_num" || field == "duration") && r.IntN(2) == 0:
			form.Set(field, strconv.Itoa(r.IntN(2000)-9))
		case field == "availability_zones":
			for range 1 + r.IntN(12) {
				form.Add(field, text())
			}
		default:
			form.Set(field, text())
		}
	}
	return form
}

func TestFormIsTheSameAfterCode(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for op := range documented {
		for range 400 {
			want := anyForm(r, op)
			for _, l := range []code.Language{code.Curl, code.CLI, code.JSON} {
				written := code.From(op, want).In("cn-test-1").Write(l, base)
				got, parts, err := code.Parse(written, op)
				if err != nil || got.Operation != op || len(parts) > 0 {
					t.Fatalf("%s as %s: got %q with parts %v, %v\n%s", op, l, got.Operation, parts, err, written)
				}
				if form := got.Form(); !maps.EqualFunc(form, want, slices.Equal) {
					t.Fatalf("%s as %s: got %q, want %q\n%s", op, l, form, want, written)
				}
			}
		}
	}
}

// A browser sends what was pasted with other line breaks.
func TestCodeIsReadWithTheLineBreaksOfAForm(t *testing.T) {
	t.Parallel()
	want := url.Values{"store_name": {"kb"}, "description": {"one\ntwo\r\nthree"}}
	for _, l := range []code.Language{code.Curl, code.CLI, code.JSON} {
		written := code.From("CreateStore", want).Write(l, base)
		got, parts, err := code.Parse(strings.ReplaceAll(written, "\n", "\r\n"), "CreateStore")
		if err != nil || len(parts) > 0 || !maps.EqualFunc(got.Form(), want, slices.Equal) {
			t.Errorf("%s: got %q, %v, %v, want %q", l, got.Form(), parts, err, want)
		}
	}
}

func TestWhatTheOperationLacksIsNamed(t *testing.T) {
	t.Parallel()
	form := url.Values{"region": {"cn-hangzhou"}, "bucket_name": {"my-bucket"}, "size_limit": {"10"}, "tags": {"a, b"},
		"description": {"two\nlines"}, "cost_centre": {"CC-1"}, "note": {"*/ \\u000a 因为\ufeff"}}
	r := code.From("CreateStorage", form)
	if len(r.Left) != 6 {
		t.Errorf("got left %v, want the six other fields", r.Left)
	}
	for _, l := range code.Languages {
		written := r.Write(l, base)
		lines := 0
		for line := range strings.Lines(written) {
			if strings.Contains(line, "Not part of this API: ") {
				lines++
				if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "//") {
					t.Errorf("%s: %q is no comment", l, line)
				}
			}
		}
		if want := map[bool]int{true: 0, false: 6}[l == code.JSON]; lines != want {
			t.Errorf("%s: got %d fields named, want %d:\n%s", l, lines, want, written)
		}
	}
}

func TestEveryOperationIsWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for op := range documented {
		request := code.From(op, anyForm(r, op))
		for _, l := range code.Languages {
			written := request.Write(l, base)
			there := strings.Contains(written, "127.0.0.1:8080") ||
				strings.Contains(written, `client.Domain = "127.0.0.1"`) && strings.Contains(written, `request.Port = "8080"`)
			if written == "" || l != code.JSON && (!strings.Contains(written, op) || !there) {
				t.Errorf("%s as %s: got %q", op, l, written)
			}
		}
		if got := request.Write("perl", base); got != "" || code.Language("perl").Known() {
			t.Errorf("got %q in a language that is not known", got)
		}
	}
	if got := (code.Request{Operation: "DropTable"}).Write(code.Curl, base); got != "" {
		t.Errorf("got %q for an operation that is not known", got)
	}
}

// Every value stands in a Go program as exactly itself, and the program is one
// that gofmt leaves as it is.
func TestGoProgramsParseAndHoldTheValues(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for op := range documented {
		for range 100 {
			form := anyForm(r, op)
			program := code.From(op, form).Write(code.Go, base)
			file, err := parser.ParseFile(token.NewFileSet(), "main.go", program, parser.SkipObjectResolution)
			if err != nil {
				t.Fatalf("%s: %v\n%s", op, err, program)
			}
			if clean, err := format.Source([]byte(program)); err != nil || string(clean) != program {
				t.Fatalf("%s: not as gofmt has it: %v\n%s", op, err, program)
			}
			literals := map[string]bool{"true": true}
			ast.Inspect(file, func(n ast.Node) bool {
				switch v := n.(type) {
				case *ast.BasicLit:
					text := v.Value
					if v.Kind == token.STRING {
						text, _ = strconv.Unquote(text)
					}
					literals[text] = true
				case *ast.UnaryExpr:
					if x, ok := v.X.(*ast.BasicLit); ok {
						literals[v.Op.String()+x.Value] = true
					}
				}
				return true
			})
			holds(t, op, form, literals)
		}
	}
}

// holds fails when a value of the form is not among those of a program.
func holds(t *testing.T, op string, form url.Values, values map[string]bool) {
	t.Helper()
	for field, texts := range form {
		for _, s := range texts {
			if !values[s] {
				t.Fatalf("%s: %s = %q is not in the program", op, field, s)
			}
		}
	}
}

// python reads the values of a Python program.
const python = `
import ast, json, sys
out = []
for program in json.load(sys.stdin):
    values = []
    for n in ast.walk(ast.parse(program)):
        if isinstance(n, ast.Constant):
            values.append(str(n.value).lower() if isinstance(n.value, bool) else str(n.value))
        if isinstance(n, ast.UnaryOp):
            values.append("-" + str(n.operand.value))
    out.append(values)
json.dump(out, sys.stdout)
`

func TestPythonProgramsParseAndHoldTheValues(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	r := rand.New(rand.NewPCG(7, 8))
	var forms []url.Values
	var ops, programs []string
	for op := range documented {
		for range 50 {
			forms, ops = append(forms, anyForm(r, op)), append(ops, op)
			programs = append(programs, code.From(op, forms[len(forms)-1]).Write(code.Python, base))
		}
	}
	in, err := json.Marshal(programs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bin, "-c", python)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("a program does not parse: %v", err)
	}
	var values [][]string
	if err := json.Unmarshal(out, &values); err != nil {
		t.Fatal(err)
	}
	for i, form := range forms {
		set := map[string]bool{}
		for _, v := range values[i] {
			set[v] = true
		}
		holds(t, ops[i], form, set)
	}
}

// node reads the values that a program would send, with all that sends put
// aside.
const node = `
const out = []
const { parse, stringify } = JSON
for (const program of parse(require('fs').readFileSync(0, 'utf8'))) {
  const values = []
  const keep = (v) => { if (v && typeof v === 'object') Object.values(v).forEach(keep); else values.push(String(v)) }
  const JSON = { stringify: (o) => { keep(o); return '' } }
  const fake = () => new Proxy(function () {}, {
    get: (_, name) => name === Symbol.toPrimitive ? () => '' : name === 'then' ? undefined : name === 'request' || name === 'sendRequest' ? (...args) => { args.forEach(keep); return { then() {} } } : fake(),
    apply: (_, __, args) => { return fake() }, construct: () => fake(),
  })
  const parts = class { constructor(o) { keep(o) } toString() { return '' } }
  new Function('require', 'process', 'URLSearchParams', 'JSON', 'fetch', program)(() => fake(), { env: {} }, parts, JSON, () => ({ then() { return this } }))
  out.push(values)
}
process.stdout.write(stringify(out))
`

func TestNodeProgramsRunAndHoldTheValues(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here")
	}
	r := rand.New(rand.NewPCG(9, 10))
	var forms []url.Values
	var ops, programs []string
	for op := range documented {
		for range 50 {
			forms, ops = append(forms, anyForm(r, op)), append(ops, op)
			programs = append(programs, code.From(op, forms[len(forms)-1]).Write(code.Node, base))
		}
	}
	in, err := json.Marshal(programs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bin, "-e", node)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("a program does not run: %v: %s", err, exit.Stderr)
	}
	var values [][]string
	if err := json.Unmarshal(out, &values); err != nil {
		t.Fatal(err)
	}
	for i, form := range forms {
		set := map[string]bool{}
		for _, v := range values[i] {
			set[v] = true
		}
		holds(t, ops[i], form, set)
	}
}

func TestBodyIsJSONWithTheTypesOfTheDocuments(t *testing.T) {
	t.Parallel()
	form := url.Values{"store_name": {"kb"}, "region": {"cn-north-7"}, "availability_zones": {"cn-north-7c"}, "cu": {"xlarge"}, "num": {"2"},
		"charge_mode": {"prePaid"}, "period_type": {"month"}, "period_num": {"3"}, "auto_renew": {"true"}}
	var got, want any
	if err := json.Unmarshal([]byte(code.From("CreateStore", form).Write(code.JSON, base)), &got); err != nil {
		t.Fatal(err)
	}
	const body = `{"store_name":"kb","region":"cn-north-7","availability_zones":["cn-north-7c"],"flavor":{"cu":"xlarge","num":2},
		"charge_info":{"charge_mode":"prePaid","period_type":"month","period_num":3,"is_auto_renew":true}}`
	if err := json.Unmarshal([]byte(body), &want); err != nil {
		t.Fatal(err)
	}
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Errorf("got %s, want %s", g, w)
	}
}

func TestSiteWithoutAddressHasAPlaceholder(t *testing.T) {
	t.Parallel()
	for _, none := range []string{"", "/", "not an address", "http://"} {
		got := code.From("CreateStorage", url.Values{"region": {"cn-hangzhou"}}).Write(code.Curl, none)
		if !strings.Contains(got, "https://quartermaster.example/pop/v1/wam/storage?RegionId=cn-hangzhou") {
			t.Errorf("address %q: got\n%s", none, got)
		}
	}
}
