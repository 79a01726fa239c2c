package code_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/handlers/code"
)

// Commands as people write and copy them.
func TestParseReadsTheShapesOfRequests(t *testing.T) {
	t.Parallel()
	version := url.Values{"app_id": {"wa-1"}, "label": {"v1 beta"}, "source": {"oss://b/a b.war"}}
	plan := url.Values{"product_code": {"ossbag"}, "package_type": {"FPT_x"}, "specification": {"40"}, "duration": {"6"}}
	store := url.Values{"store_name": {"kb"}, "region": {"cn-north-7"}, "availability_zones": {"cn-north-7c", "cn-north-7a"}, "cu": {"xlarge"}, "num": {"1"}}
	const storeBody = `{"store_name":"kb","region":"cn-north-7","availability_zones":["cn-north-7c","cn-north-7a"],"flavor":{"cu":"xlarge","num":1}}`
	for _, c := range []struct {
		what, text string
		op         string
		form       url.Values
	}{
		{"query in the address", `curl -X POST 'http://h/pop/v1/wam/pkgVersion?AppId=wa-1&PkgVersionLabel=v1+beta&PackageSource=oss%3A%2F%2Fb%2Fa%20b.war'`, "CreatePkgVersion", version},
		{"form in several parts", `curl http://h/pop/v1/wam/pkgVersion -d AppId=wa-1 -d 'PkgVersionLabel=v1%20beta' --data-urlencode 'PackageSource=oss://b/a b.war'`, "CreatePkgVersion", version},
		{"form in one", `curl --url http://h/pop/v1/wam/pkgVersion --data-raw "AppId=wa-1&PkgVersionLabel=v1+beta&PackageSource=oss://b/a%20b.war"`, "CreatePkgVersion", version},
		{"JSON for Web+", `curl -H 'Content-Type: application/json' https://webplus.aliyuncs.com/pop/v1/wam/pkgVersion -d '{"AppId":"wa-1","PkgVersionLabel":"v1 beta","PackageSource":"oss://b/a b.war"}'`, "CreatePkgVersion", version},
		{"get with data", `curl -G http://h/ --data-urlencode Action=CreateResourcePackage -d ProductCode=ossbag -d PackageType=FPT_x -d Specification=40 -d Duration=6`, "CreateResourcePackage", plan},
		{"get", `curl "https://business.aliyuncs.com/?Action=CreateResourcePackage&ProductCode=ossbag&PackageType=FPT_x&Specification=40&Duration=6&Version=2017-12-14&Signature=x%3D"`, "CreateResourcePackage", plan},
		{"action in a header", `curl -XPOST 'http://h?ProductCode=ossbag&PackageType=FPT_x&Specification=40&Duration=6' -H'x-acs-action: CreateResourcePackage' -H "Authorization: ACS3-HMAC-SHA256 Credential=a"`, "CreateResourcePackage", plan},
		{"JSON body", `curl -sSd '` + storeBody + `' http://h/v1/stores/create`, "CreateStore", store},
		{"option json", `curl --json '` + storeBody + `' http://h/v1/stores/create/`, "CreateStore", store},
		{"in lines", "$ curl \\\n  --request POST \\\r\n  'http://h/v1/stores/create' \\\n  --header 'X-Auth-Token: t' \\\n  --data '" + storeBody + "'", "CreateStore", store},
		{"quotes of all sorts", `curl ht"tp://h/v1/sto"res/create -d $'{"store_name":"\x6bb","region":"cn-north-\x37","availability_zones":["cn-north-7c","cn-north-7a"],"flavor":{"cu":\t"xlarge","num":1}}'`, "CreateStore", store},
		{"escapes", `curl http://h/v1/stores/create -d {\"store_name\":\"kb\",\"region\":\"cn-north-7\",\"availability_zones\":[\"cn-north-7c\",\"cn-north-7a\"],\"flavor\":{\"cu\":\"xlarge\",\"num\":1}}`, "CreateStore", store},
		{"variables of its own", "BASE=http://h # the desk\nname=kb\ncurl \"$BASE/v1/stores/create\" -d \"{\\\"store_name\\\":\\\"${name}\\\"}\" | jq .", "CreateStore", url.Values{"store_name": {"kb"}}},
		{"another variable in front", `curl "$BASE/v1/stores/create" -H "Authorization: $(sign it)" -d '{"store_name":"kb"}'`, "CreateStore", url.Values{"store_name": {"kb"}}},
		{"region in a header", `curl -X POST http://h/pop/v1/wam/storage -H 'x-acs-region-id: cn-beijing'`, "CreateStorage", url.Values{"region": {"cn-beijing"}}},
		{"region in the cloud's address", `curl -X POST https://webplus.cn-shenzhen.aliyuncs.com/pop/v1/wam/storage`, "CreateStorage", url.Values{"region": {"cn-shenzhen"}}},
		{"aliyun by name", `aliyun webplus CreatePkgVersion --AppId wa-1 --PkgVersionLabel 'v1 beta' --PackageSource="oss://b/a b.war" --endpoint h:1 --insecure --force`, "CreatePkgVersion", version},
		{"aliyun by path", `aliyun webplus POST /pop/v1/wam/pkgVersion --header "Content-Type=application/json" --body '{"AppId":"wa-1","PkgVersionLabel":"v1 beta","PackageSource":"oss://b/a b.war"}'`, "CreatePkgVersion", version},
		{"aliyun for BSS", `aliyun bssopenapi CreateResourcePackage --ProductCode ossbag --PackageType FPT_x --Specification 40 --Duration 6 --profile p -q`, "CreateResourcePackage", plan},
		{"hcloud", `hcloud LMS CreateStore --cli-region=cn-north-7 --store_name=kb --region="cn-north-7" --availability_zones.1=cn-north-7c --availability_zones.2=cn-north-7a --flavor.cu xlarge --flavor.num 1`, "CreateStore", store},
		{"flat JSON", `{"ProductCode":"ossbag","PackageType":"FPT_x","Specification":40,"Duration":6,"PricingCycle":null}`, "CreateResourcePackage", plan},
		{"JSON of the form at hand", `{"RegionId":"cn-beijing"}`, "CreateStorage", url.Values{"region": {"cn-beijing"}}},
		{"the document's sample", "{\n  \"store_name\" : \"kb\",\n  \"region\" : \"cn-north-7\",\n  \"availability_zones\" : [ \"cn-north-7c\", \"cn-north-7a\" ],\n  \"flavor\" : {\n    \"cu\" : \"xlarge\",\n    \"num\" : 1\n  }\n}", "CreateStore", store},
	} {
		got, parts, err := code.Parse(c.text, "CreateStorage")
		if err != nil || got.Operation != c.op || !maps.EqualFunc(got.Form(), c.form, slices.Equal) || len(parts) > 0 {
			t.Errorf("%s: got %s %q, parts %v, %v; want %s %q", c.what, got.Operation, got.Form(), parts, err, c.op, c.form)
		}
	}
}

func TestParseNamesWhatItDidNotTake(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, text string
		want       []code.Part
	}{
		{"a parameter", `curl http://h/v1/stores/create -d '{"store_name":"kb","colour":"red","flavor":{"gpu":1}}'`,
			[]code.Part{{"colour=red", code.Unknown}, {"flavor.gpu=1", code.Unknown}}},
		{"a header and an option", `curl --frobnicate -F a=b -H 'X-Team: a' http://h/v1/stores/create -d '{}'`,
			[]code.Part{{"--frobnicate", code.Unknown}, {"--form a=b", code.Unknown}, {"X-Team: a", code.Unknown}}},
		{"files", `curl http://h/v1/stores/create -d @body.json --data-urlencode store_name@name < in.txt`,
			[]code.Part{{"--data @body.json", code.File}, {"--data-urlencode store_name@name", code.File}, {"in.txt", code.File}}},
		{"what a shell knows", `curl "http://h/pop/v1/wam/pkgVersion" -d "AppId=$APP" -d "PkgVersionLabel=$(git describe)"`,
			[]code.Part{{"AppId=$APP", code.Variable}, {"PkgVersionLabel=$(…)", code.Variable}}},
		{"a value given twice", `curl 'http://h/?Action=CreateResourcePackage&Duration=6' -d Duration=7`, []code.Part{{"Duration=7", code.Twice}}},
		{"what the form has no field for", `aliyun bssopenapi CreateResourcePackage --OwnerId 1 --ClientToken t`,
			[]code.Part{{"OwnerId=1", code.Elsewhere}, {"ClientToken=t", code.Elsewhere}}},
		{"another command", "curl -X POST http://h/pop/v1/wam/storage\nrm -rf /\nhcloud LMS CreateStore",
			[]code.Part{{"rm -rf /", code.More}, {"hcloud LMS CreateStore", code.More}}},
	} {
		got, parts, err := code.Parse(c.text, "CreateStorage")
		if err != nil || got.Operation == "" || !slices.Equal(parts, c.want) {
			t.Errorf("%s: got %v, %v, want %v", c.what, parts, err, c.want)
		}
	}
	_, parts, err := code.Parse("curl http://h/v1/stores/create -d '{"+strings.Repeat(`"x`+strings.Repeat("y", 300)+`":1,`, 100)+`"z":1}'`, "")
	if err != nil || len(parts) != 2 || len(parts[0].Text) > 200 {
		t.Errorf("got %d parts, %v, want two, the first cut", len(parts), err)
	}
}

func TestParseSaysWhyItReadNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want code.Error
	}{
		{"", code.Error{Reason: code.Empty}},
		{" \r\n\t", code.Error{Reason: code.Empty}},
		{strings.Repeat("x", code.Limit+1), code.Error{Reason: code.TooLong}},
		{"a=xxxxxxxxxxxxxxxx\n" + strings.Repeat("a=\"$a$a$a$a\"\n", 2000), code.Error{Reason: code.TooLong}},
		{"curl " + strings.Repeat("$(", 5000), code.Error{Reason: code.TooLong}},
		{strings.Repeat(`{"a":`, 5000), code.Error{Reason: code.TooLong}},
		{"hello there", code.Error{Reason: code.NoCode}},
		{"[1]", code.Error{Reason: code.NoCode}},
		{`{"hello":"there"}`, code.Error{Reason: code.NoCode}},
		{"aliyun webplus", code.Error{Reason: code.NoCode}},
		{"curl 'http://h/", code.Error{Reason: code.Unclosed, Detail: "'", Line: 1}},
		{"curl \\\n -d \"a", code.Error{Reason: code.Unclosed, Detail: `"`, Line: 2}},
		{"curl $'a", code.Error{Reason: code.Unclosed, Detail: "$'", Line: 1}},
		{"curl $(a 'b)'", code.Error{Reason: code.Unclosed, Detail: "$(", Line: 1}},
		{"{\n\"a\":", code.Error{Reason: code.BadJSON, Line: 2}},
		{`{"a":1} x`, code.Error{Reason: code.BadJSON, Line: 1}},
		{`curl http://h/v1/stores/create -d '{"store_name":}'`, code.Error{Reason: code.BadJSON, Line: 1}},
		{"curl http://h/pop/v1/wam/storage", code.Error{Reason: code.NoForm, Detail: "GET /pop/v1/wam/storage"}},
		{"curl -X DELETE 'http://h/pop/v1/wam/pkgVersion?PkgVersionId=wp-1'", code.Error{Reason: code.NoForm, Detail: "DELETE /pop/v1/wam/pkgVersion"}},
		{"curl 'http://h/?Action=RunInstances'", code.Error{Reason: code.NoForm, Detail: "RunInstances"}},
		{"curl http://h", code.Error{Reason: code.NoForm, Detail: "GET /"}},
		{"curl", code.Error{Reason: code.NoForm, Detail: "GET /"}},
		{"aliyun ecs RunInstances", code.Error{Reason: code.NoForm, Detail: "RunInstances"}},
		{"hcloud ECS ListServers", code.Error{Reason: code.NoForm, Detail: "ListServers"}},
	} {
		_, _, err := code.Parse(c.text, "CreateStorage")
		var got *code.Error
		if !errors.As(err, &got) || *got != c.want {
			t.Errorf("%.40q: got %v, want %+v", c.text, err, c.want)
		}
	}
}

// What the shell quotes is what the shell reads, and what is read here: each
// value goes through a real bash.
func TestQuotingIsThatOfBash(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	r := rand.New(rand.NewPCG(11, 12))
	var texts []string
	for range 300 {
		s := ""
		for range 1 + r.IntN(4) {
			s += hostile[r.IntN(len(hostile))]
		}
		texts = append(texts, s)
	}
	texts = append(texts, hostile...)
	script := strings.Builder{}
	script.WriteString("show() { for a; do case $a in --description=*) printf '%s\\0' \"${a#--description=}\";; esac; done; }\n")
	for _, s := range texts {
		// The line of the tool with one option, under another name.
		line := code.From("CreateStore", url.Values{"description": {s}}).Write(code.CLI, base)
		script.WriteString(strings.Replace(line, "\nhcloud ", "\nshow ", 1))
	}
	cmd := exec.CommandContext(t.Context(), bin, "--norc", "-u", "-s")
	cmd.Stdin = strings.NewReader(script.String())
	cmd.Env = []string{"HUAWEICLOUD_SDK_AK=a", "HUAWEICLOUD_SDK_SK=s", "LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if !slices.Equal(got, texts) {
		for i := range min(len(got), len(texts)) {
			if got[i] != texts[i] {
				t.Fatalf("bash read %q, want %q", got[i], texts[i])
			}
		}
		t.Fatalf("bash read %d values, want %d", len(got), len(texts))
	}
}

// FuzzParse holds that any text at all is read in bounded time without a panic,
// and that what was read can be written and read again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"curl -X POST 'http://h/pop/v1/wam/storage?RegionId=a' -H \"a: $(b \"c\" 'd')\" --data-urlencode 'a=b c'",
		"a=$'\\x41\\u4e2d\\'' curl \"${a:-b}`c`\" -d @x <in >out 2>&1 # end", "aliyun webplus POST /pop/v1/wam/pkgVersion --body '{\"AppId\":\"a\"}'",
		"hcloud LMS CreateStore --availability_zones.1=a --flavor.num=1", `{"store_name":"a","availability_zones":["b"],"flavor":{"num":1}}`,
		"\\", "$", "'", "$(", "{", "curl -", "curl --data", "aliyun - - -", "hcloud a CreateStore --",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, parts, err := code.Parse(text, "CreateStore")
		if err != nil {
			var known *code.Error
			if !errors.As(err, &known) || known.Error() == "" {
				t.Fatalf("got %v, want an *Error", err)
			}
			return
		}
		if len(parts) > 50 {
			t.Fatalf("got %d parts", len(parts))
		}
		want := got.Form()
		if got.Operation == "CreateStorage" && got.Value("RegionId") == "" {
			return // a command of the tool always has a region
		}
		for _, l := range []code.Language{code.Curl, code.CLI, code.JSON} {
			again, parts, err := code.Parse(got.Write(l, base), got.Operation)
			var long *code.Error
			if errors.As(err, &long) && long.Reason == code.TooLong {
				continue
			}
			if err != nil || len(parts) > 0 || !maps.EqualFunc(again.Form(), want, slices.Equal) {
				t.Fatalf("%s: got %q, %v, %v, want %q", l, again.Form(), parts, err, want)
			}
		}
	})
}

// What is never closed is not looked for again and again: then a text of this
// length takes hours. The minute only ends the wait, it measures nothing.
func TestParseTakesHostileTextInItsStride(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"${a:-", "$(", "\"$(", "$'\\x", "a=$a;", "-d a ", "{\"a\":", "'", "`", "<", "&", "\\\n", "%zz&", "x ",
		"((", "a[", "$[", "{ ", "if ", "if\n", "<<a\n", "a()\n", "(\n", "“", "<a", "&a", "`\"", "^\"", "^\n", "$a:", "\"\"", "```\n"} {
		for _, before := range []string{"", "curl http://h/v1/stores/create ",
			"curl ^\"a^\" ^\n", "PS C:\\> curl \""} {
			text := before + strings.Repeat(s, (code.Limit/2-len(before))/len(s))
			began := time.Now()
			_, parts, err := code.Parse(text, "CreateStorage")
			var known *code.Error
			if took := time.Since(began); err != nil && !errors.As(err, &known) || len(parts) > 50 || took > time.Minute {
				t.Errorf("%q behind %q: got %d parts, %v after %v", s, before, len(parts), err, took)
			}
		}
	}
}
