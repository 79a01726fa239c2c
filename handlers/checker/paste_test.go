package checker_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"quartermaster/handlers/api"
	"quartermaster/handlers/checker"
	"quartermaster/handlers/code"
	"quartermaster/models"
)

// What is copied from shells, browsers and pages means the same to a form and to
// the checker. Both are given each text as it is and with the line breaks of a
// form's field.
func TestFormAndCheckerReadTheSamePastes(t *testing.T) {
	t.Parallel()
	const to = "http://desk:8080/v1/stores/create"
	const kind = "application/json"
	body := `{"store_name":"kb","description":"it's 100% & <b> \"版本\"\\n"}`
	store := url.Values{"store_name": {"kb"}, "description": {`it's 100% & <b> "版本"\n`}}
	plain := `{"store_name":"kb"}`
	name := url.Values{"store_name": {"kb"}}
	plan := url.Values{"product_code": {"ossbag"}, "specification": {"40"}, "duration": {"6"}}
	const planQuery = "Action=CreateResourcePackage&ProductCode=ossbag&Specification=40&Duration=6"
	for _, c := range []struct {
		what, text  string
		query, body string
		form        url.Values
	}{
		{"posix", `curl ` + to + ` -H 'Content-Type: ` + kind + `' -d '` + strings.ReplaceAll(body, "'", `'\''`) + `'`, "", body, store},
		{"bash of a browser", "curl '" + to + "' \\\n  -H 'content-type: " + kind + "' \\\n  --data-raw $'{\"store_name\":\"kb\",\"description\":\"it\\'s 100% & <b> \\\\\"\\u7248\\u672c\\\\\"\\\\\\\\n\"}' \\\n  --insecure", "", body, store},
		{"cmd of a browser", "curl ^\"" + to + "^\" ^\n  -H ^\"content-type: " + kind + "^\" ^\n  --data-raw ^\"^{^\\^\"store_name^\\^\":^\\^\"kb^\\^\",^\\^\"description^\\^\":^\\^\"it's 100^% ^& ^<b^> ^\\^\\^\\^\"版本^\\^\\^\\^\"^\\^\\n^\\^\"^}^\"", "", body, store},
		{"cmd of a browser, percent signs and line breaks", "curl ^\"" + to + "^\" ^\n  -H ^\"content-type: " + kind + "^\" ^\n  --data-raw ^\"^{^\n\n^\\^\"store_name^\\^\":^\\^\"kb^\\^\",^\\^\"description^\\^\":^\\^\"^%^41^\\^\"^}^\"", "",
			"{\n\"store_name\":\"kb\",\"description\":\"%41\"}", url.Values{"store_name": {"kb"}, "description": {"%41"}}},
		{"cmd of an older browser", "curl \"" + to + "\" ^\n -H \"Content-Type: " + kind + "\" ^\n --data-raw \"{\"\"store_name\"\":\"\"kb\"\"}\"", "", plain, name},
		{"cmd of a browser, an apostrophe in the address", "curl ^\"http://desk:8080/?Action=CreateResourcePackage^&ProductCode='a'^\" ^\n -X ^\"POST^\"",
			"Action=CreateResourcePackage&ProductCode='a'", "", url.Values{"product_code": {"'a'"}}},
		{"cmd with its prompt", `C:\Users\ada>curl.exe -H "Content-Type: ` + kind + `" -d "{\"store_name\":\"kb\"}" ` + to + ` 2>&1`, "", plain, name},
		{"cmd, escaped outside of quotes", "curl -X POST http://desk:8080/?" + strings.ReplaceAll(planQuery, "&", "^&") + " ^ \n -s", planQuery, "", plan},
		{"PowerShell, single quotes", "curl.exe " + to + " `\n -H 'Content-Type: " + kind + "' `\n -d '" + strings.ReplaceAll(body, "'", "''") + "'", "", body, store},
		{"PowerShell, double quotes", `PS C:\Users\ada> curl -H "Content-Type: ` + kind + "\" -d \"{`\"store_name`\":\"\"kb\"\"}\" " + to, "", plain, name},
		{"PowerShell 5, quotes for Windows too", `curl.exe ` + to + ` -H 'Content-Type: ` + kind + `' -d '{\"store_name\":\"kb\"}'`, "", plain, name},
		{"PowerShell, curly quotes", "curl.exe " + to + " `\n --json ‘{\"store_name\":\"it’’s “kb”\"}’", "", "{\"store_name\":\"it’s “kb”\"}", url.Values{"store_name": {"it’s “kb”"}}},
		{"PowerShell, its own variable", "$body = '" + plain + "'\n$to = \"" + to + "\"\ncurl.exe $to -H 'Content-Type: " + kind + "' -d $body | more", "", plain, name},
		{"prompt of a user", "ada@desk:~/src$ curl " + to + " \\\n> -H 'Content-Type: " + kind + "' \\\n> -d '" + plain + "'\n{\"code\":\"LMS.00000000\"}", "", plain, name},
		{"prompt of a user, another", "[ada@desk src]$ curl " + to + " --json '" + plain + "'", "", plain, name},
		{"prompts, plain", "$ cd /tmp\n$ curl " + to + " --json '" + plain + "'", "", plain, name},
		{"prompt of root", "# first this\n# curl " + to + " --json '" + plain + "'", "", plain, name},
		{"prompt of zsh", "% curl " + to + " --json '" + plain + "'", "", plain, name},
		{"a prompt and nothing else", "> curl " + to + " --json '" + plain + "'", "", plain, name},
		{"fence", "```bash\ncurl " + to + " --json '" + plain + "'\n```\nand it's done", "", plain, name},
		{"fence behind words", "Don't wait, try this:\n\n~~~\n$ curl " + to + " --json '" + plain + "'\n~~~", "", plain, name},
		{"curly quotes", "curl “" + to + "” -H ‘Content-Type: " + kind + "’ -d ‘{“store_name”:“kb”}’", "", plain, name},
		{"curly quotes stay in straight ones", `curl ` + to + ` --json '{"store_name":"“kb”’s"}'`, "", `{"store_name":"“kb”’s"}`, url.Values{"store_name": {"“kb”’s"}}},
		{"no-break spaces", "curl\u00a0" + to + "\u3000--json\u202f'{\"store_name\":\"k\u00a0b\"}'\u200b", "", "{\"store_name\":\"k\u00a0b\"}", url.Values{"store_name": {"k\u00a0b"}}},
		{"space behind the end of a line", "curl " + to + " \\ \n  --json '" + plain + "' \\\u00a0\n  -s", "", plain, name},
		{"ampersands in an address", "curl -X POST http://desk:8080/?" + planQuery + " -s", planQuery, "", plan},
		{"ampersands behind a quote", `curl -X POST http://desk:8080/?Action="CreateResourcePackage"&ProductCode=ossbag&Specification='40'&Duration=6 && echo done`, planQuery, "", plan},
		{"ampersands in PowerShell", "curl.exe -X POST http://desk:8080/?" + planQuery + " `\n -s", planQuery, "", plan},
		{"placeholder", "curl " + to + " -H Authorization:<your token> --json '" + plain + "'", "", plain, name},
		{"placeholder in a query", "curl -X POST http://desk:8080/?Action=CreateResourcePackage&ProductCode=<a-b> -s < in.txt", "Action=CreateResourcePackage&ProductCode=<a-b>", "", url.Values{"product_code": {"<a-b>"}}},
		{"placeholder in cmd", "curl -X POST http://desk:8080/?Action=CreateResourcePackage^&ProductCode=<your code> ^\n -s", "Action=CreateResourcePackage&ProductCode=<your code>", "", url.Values{"product_code": {"<your code>"}}},
		{"here-document", "curl " + to + " -H 'Content-Type: " + kind + "' --data-binary @- <<'EOF'\n" + plain + "\nEOF\n", "", plain + "\n", name},
		{"in a loop, with variables", "export BASE=http://desk:8080\nfor n in 1 2; do\n  name=k; name+=b\n  curl -sS \"${BASE}/v1/stores/create\" --json \"{\\\"store_name\\\":\\\"$name\\\"}\" | jq .\ndone", "", plain, name},
		{"behind what is no shell", "Request (new):\ncurl " + to + " --json '" + plain + "'\nHTTP/1.1 200 OK (fine)", "", plain, name},
	} {
		for _, text := range []string{c.text, strings.ReplaceAll(c.text, "\n", "\r\n")} {
			p, err := checker.Read(text)
			if err != nil || p.Method != "POST" || p.Host != "desk:8080" || p.Query != c.query || string(p.Body) != c.body || p.Length != int64(len(c.body)) {
				t.Errorf("%s: the checker got %v, %s %s %q?%q with body %q, want query %q, body %q", c.what, err, p.Method, p.Host, p.Path, p.Query, p.Body, c.query, c.body)
			}
			if c.body != "" && p.Header.Get("Content-Type") != kind || c.body == "" && p.Header.Get("Content-Type") != "" {
				t.Errorf("%s: the checker got %q", c.what, p.Header)
			}
			got, _, err := code.NewTable(api.Documented()).Parse(text, "CreateStorage")
			if err != nil || !maps.EqualFunc(got.Form(), c.form, slices.Equal) {
				t.Errorf("%s: the form got %q, %v, want %q", c.what, got.Form(), err, c.form)
			}
		}
	}
}

// What only a shell or a file knows stays as it is written, as far as it can.
func TestCheckerTellsWhatACommandDoesNotSay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`curl http://desk/ -H "Date: $(date -u)"`:            "Date: $(…)",
		"curl http://desk/ -d `date`":                        "`…`",
		`curl http://desk/$((1+2))`:                          "http://desk/$((…))",
		"curl.exe http://desk/ -H \"Date: $env:NOW\" -H 'a'": "Date: $env:NOW",
	} {
		_, err := checker.Read(text)
		invalid, ok := err.(models.Invalid)
		if !ok || invalid[0].Rule != "curl_variable" || invalid[0].Param != want {
			t.Errorf("%q: got %v, want %q named", text, err, want)
		}
	}
	for _, text := range []string{"curl http://desk/ -d @body.json", "curl http://desk/ -F file=@a.zip"} {
		if p, err := checker.Read(text); err != nil || !p.NoBody || p.Method != "POST" || p.Length != -1 {
			t.Errorf("%q: got %+v, %v; want a POST whose body is not known", text, p, err)
		}
	}
}
