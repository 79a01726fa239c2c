package checker

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"quartermaster/web/sign"
)

// A mistake is a text that a signer with a known fault would sign, and what it
// would put behind the secret.
type mistake struct{ key, text, salt string }

// mistakes are the faults of signers, for this request.
func (c *check) mistakes() []mistake {
	ours := c.claim.StringToSign()
	switch c.claim.Scheme {
	case sign.ROA1:
		return c.mistakesROA(ours)
	case sign.OSS1:
		return c.mistakesOSS1(ours)
	case sign.OSS4:
		return c.mistakesOSS4()
	case sign.RPC1:
		method := strings.NewReplacer("POST&%", "GET&%", "GET&%", "POST&%").Replace(ours)
		return []mistake{
			{"plus", strings.ReplaceAll(ours, "%2520", "%2B"), ""},
			{"once", once(ours), ""},
			{"part.method", method, ""},
		}
	}
	canonical := c.claim.Canonical()
	lines := strings.Split(canonical, "\n")
	with := func(i int, line string) string { return c.claim.Hashed(changed(lines, i, line)) }
	host := "\nhost:" + c.pasted.Host + "\n"
	bare, _, _ := strings.Cut(c.pasted.Host, ":")
	return []mistake{
		{"slash-missing", with(1, strings.TrimSuffix(lines[1], "/")), ""},
		{"slash-extra", with(1, lines[1]+"/"), ""},
		{"plus", with(2, strings.ReplaceAll(lines[2], "%20", "+")), ""},
		{"part.query", with(2, c.pasted.Query), ""},
		{"part.query", with(2, ""), ""},
		{"port", c.claim.Hashed(strings.Replace(canonical, host, "\nhost:"+bare+"\n", 1)), ""},
		{"unsigned-payload", with(len(lines)-1, "UNSIGNED-PAYLOAD"), ""},
		{"line-break-body", with(len(lines)-1, sign.SHA256(bytes.TrimRight(c.pasted.Body, "\n"))), ""},
		{"line-break-body", with(len(lines)-1, sign.SHA256(append(slices.Clip(c.pasted.Body), '\n'))), ""},
		{"part.digest", with(len(lines)-1, sign.SHA256(nil)), ""},
		{"blank-missing-canonical", c.claim.Hashed(strings.Replace(canonical, "\n\n"+lines[len(lines)-2], "\n"+lines[len(lines)-2], 1)), ""},
	}
}

// bare reports whether an RPC V1 signature was made without the & that belongs
// behind its secret. That makes it one of ROA V1, whose secret has none.
func (c *check) bare() bool {
	if c.claim.Scheme != sign.RPC1 {
		return false
	}
	header := http.Header{"Date": {"-"}, "Authorization": {"acs -:" + c.claim.Signature()}}
	claim, err := sign.ROA(sign.Request{Header: header})
	return err == nil && claim.SignedAs(c.claim.StringToSign(), c.secret)
}

// mistakesROA are those of ROA V1.
func (c *check) mistakesROA(ours string) []mistake {
	lines := strings.Split(ours, "\n")
	resource := func(query string) string {
		at := strings.Index(ours, "\n"+c.pasted.Path)
		return ours[:at+1] + c.pasted.Path + query
	}
	values, _ := url.ParseQuery(c.pasted.Query)
	return []mistake{
		{"part.accept", changed(lines, 1, ""), ""},
		{"part.type", changed(lines, 3, ""), ""},
		{"part.md5", changed(lines, 2, ""), ""},
		{"blank-missing-any", strings.Join(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return l == "" }), "\n"), ""},
		{"escaped", resource("?" + values.Encode()), ""},
		{"escaped", resource("?" + strings.ReplaceAll(values.Encode(), "+", "%20")), ""},
		{"part.resource", resource(""), ""},
		{"part.resource", resource("?" + c.pasted.Query), ""},
		{"line-break", ours + "\n", ""},
		{"ampersand-extra", ours, "&"},
	}
}

// mistakesOSS1 are those of V1 of OSS.
func (c *check) mistakesOSS1(ours string) []mistake {
	lines := strings.Split(ours, "\n")
	before := strings.Join(lines[:len(lines)-1], "\n") + "\n"
	resource := lines[len(lines)-1]
	path, _, _ := strings.Cut(resource, "?")
	sent := c.pasted.Path
	if c.claim.InHost() {
		sent = "/" + c.claim.Resource.Bucket + sent
	}
	mistakes := []mistake{
		{"part.type", changed(lines, 2, ""), ""},
		{"part.md5", changed(lines, 1, ""), ""},
		{"oss-resource", before + strings.TrimPrefix(resource, "/"+c.claim.Resource.Bucket), ""},
		{"oss-resource", before + path, ""},
		{"oss-resource", before + path + "?" + c.pasted.Query, ""},
		{"oss-escaped", before + sent + resource[len(path):], ""},
		{"oss-escaped", before + strings.ReplaceAll(sign.Escape(path), "%2F", "/") + resource[len(path):], ""},
		{"oss-headers", strings.Join(lines[:4], "\n") + "\n" + resource, ""},
		{"line-break", ours + "\n", ""},
	}
	if date := c.pasted.Header.Get("Date"); date != "" && c.pasted.Header.Get("X-Oss-Date") != "" {
		mistakes = append(mistakes, mistake{"part.date", changed(lines, 3, date), ""})
	}
	return mistakes
}

// mistakesOSS4 are those of V4 of OSS.
func (c *check) mistakesOSS4() []mistake {
	canonical := c.claim.Canonical()
	lines := strings.Split(canonical, "\n")
	with := func(i int, line string) string { return c.claim.Hashed(changed(lines, i, line)) }
	return []mistake{
		{"oss-resource", with(1, strings.TrimPrefix(lines[1], "/"+c.claim.Resource.Bucket)), ""},
		{"oss-resource", with(1, strings.TrimSuffix(lines[1], "/")), ""},
		{"oss-escaped-twice", with(1, strings.ReplaceAll(lines[1], "%", "%25")), ""},
		{"oss-escaped-twice", with(1, "/"+strings.ReplaceAll(lines[1][1:], "/", "%2F")), ""},
		{"plus", with(2, strings.ReplaceAll(lines[2], "%20", "+")), ""},
		{"oss-query", with(2, c.pasted.Query), ""},
		{"oss-query", with(2, ""), ""},
		{"oss-digest", with(len(lines)-1, sign.SHA256(c.pasted.Body)), ""},
		{"blank-missing-canonical", c.claim.Hashed(strings.Replace(canonical, "\n\n"+lines[len(lines)-2], "\n"+lines[len(lines)-2], 1)), ""},
	}
}

// changed are the lines of a text, one of them replaced.
func changed(lines []string, i int, line string) string {
	lines = slices.Clone(lines)
	lines[i] = line
	return strings.Join(lines, "\n")
}
