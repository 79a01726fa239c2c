package checker

import (
	"net/http"
	"net/url"
	"strings"

	"quartermaster/web/sign"
)

// A mistake is a text that a signer with a known fault would sign, and what it
// would put behind the secret.
type mistake struct{ key, text, salt string }

// mistakes are the faults of signers, for this request.
func (c *check) mistakes() []mistake {
	ours := c.claim.StringToSign()
	head := ours[:strings.LastIndexByte(ours, '\n')+1]
	switch c.claim.Scheme {
	case sign.ROA1:
		return c.mistakesROA(ours)
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
	with := func(i int, line string) string {
		if i < 0 {
			i += len(lines)
		}
		changed := append([]string{}, lines...)
		changed[i] = line
		return head + sum(strings.Join(changed, "\n"))
	}
	body := string(c.pasted.Body)
	host := "\nhost:" + c.pasted.Host + "\n"
	bare, _, _ := strings.Cut(c.pasted.Host, ":")
	return []mistake{
		{"slash-missing", with(1, strings.TrimSuffix(lines[1], "/")), ""},
		{"slash-extra", with(1, lines[1]+"/"), ""},
		{"plus", with(2, strings.ReplaceAll(lines[2], "%20", "+")), ""},
		{"part.query", with(2, c.pasted.Query), ""},
		{"part.query", with(2, ""), ""},
		{"port", head + sum(strings.Replace(canonical, host, "\nhost:"+bare+"\n", 1)), ""},
		{"unsigned-payload", with(-1, "UNSIGNED-PAYLOAD"), ""},
		{"line-break-body", with(-1, sum(strings.TrimRight(body, "\n"))), ""},
		{"line-break-body", with(-1, sum(body+"\n")), ""},
		{"part.digest", with(-1, sum("")), ""},
		{"blank-missing-canonical", head + sum(strings.Replace(canonical, "\n\n"+lines[len(lines)-2], "\n"+lines[len(lines)-2], 1)), ""},
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
	without := func(i int, line string) string {
		changed := append([]string{}, lines...)
		changed[i] = line
		return strings.Join(changed, "\n")
	}
	resource := func(query string) string {
		at := strings.Index(ours, "\n"+c.pasted.Path)
		return ours[:at+1] + c.pasted.Path + query
	}
	values, _ := url.ParseQuery(c.pasted.Query)
	return []mistake{
		{"part.accept", without(1, ""), ""},
		{"part.type", without(3, ""), ""},
		{"part.md5", without(2, ""), ""},
		{"blank-missing-any", strings.Join(compact(lines), "\n"), ""},
		{"escaped", resource("?" + values.Encode()), ""},
		{"escaped", resource("?" + strings.ReplaceAll(values.Encode(), "+", "%20")), ""},
		{"part.resource", resource(""), ""},
		{"part.resource", resource("?" + c.pasted.Query), ""},
		{"line-break", ours + "\n", ""},
		{"ampersand-extra", ours, "&"},
	}
}

// compact leaves empty lines out.
func compact(lines []string) []string {
	var out []string
	for _, line := range lines {
		if line != "" {
			out = append(out, line)
		}
	}
	return out
}
