package checker

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"quartermaster/web/sign"
)

// What a text that was pasted alone looks like.
var (
	lineROA   = regexp.MustCompile(`^[A-Za-z]{3,10}\n`)
	lineRPC   = regexp.MustCompile(`^[A-Za-z]{3,10}&[^&]*&`)
	hashed    = regexp.MustCompile(`^(ACS3|SDK|OSS4)-HMAC-SHA256\n`)
	hexSum    = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
	md5Sum    = regexp.MustCompile(`^[A-Za-z0-9+/]{22}==$`)
	httpDate  = regexp.MustCompile(`^[A-Z][a-z]{2}, \d`)
	anyDate   = regexp.MustCompile(`^([A-Z][a-z]{2}, \d|\d{9,11}$)`) // or when a URL ends
	ossTag    = regexp.MustCompile(`(?s)<StringToSign>(.*)</StringToSign>`)
	escapes   = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	signature = url.Values{"Signature": {"-"}}.Encode()
)

// serverSays is how our answer to a wrong signature begins its string to sign,
// and serverAdds how it goes on behind it where it knows more.
const (
	serverSays = "server string to sign is:"
	serverAdds = " (The signature is right for the host "
)

// strip takes away what people copy along with a string to sign.
func strip(text string) string {
	text = clean(text)
	if _, after, ok := strings.Cut(text, serverSays); ok {
		text, _, _ = strings.Cut(after, serverAdds)
	}
	if found := ossTag.FindStringSubmatch(text); found != nil {
		text = html.UnescapeString(found[1])
	}
	return text
}

// rebuild makes of a string to sign the request that it can only be of, so that
// the same can be signed as it should be. It is refused as the rule
// "sign_form" when it is like none.
func rebuild(text string) (Pasted, error) {
	switch {
	case lineRPC.MatchString(text) && !strings.Contains(strings.TrimSpace(text), "\n"):
		return rebuildRPC(text), nil
	case lineROA.MatchString(text):
		lines := strings.Split(text, "\n")
		has := func(prefix string) bool {
			return slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, prefix) })
		}
		n := len(lines)
		if n > 4 && lines[n-3] == "" && (has("x-oss-") || strings.Contains(lines[2], "x-oss-signature-version=")) {
			return rebuildOSS4(lines), nil
		}
		if n > 4 && lines[n-3] == "" && (hexSum.MatchString(lines[n-1]) || lines[n-1] == "UNSIGNED-PAYLOAD") {
			return rebuildCanonical(lines), nil
		}
		if has("/") && !has("x-acs-") && slices.ContainsFunc(lines[:min(n, 4)], anyDate.MatchString) {
			return rebuildOSS1(lines), nil
		}
		if has("/") {
			return rebuildROA(lines), nil
		}
	}
	return Pasted{}, refuse("string_to_sign", "sign_form", "")
}

// rebuildROA reads the lines of a string of ROA V1. One that leaves the empty
// line of an absent header out is told by where its date stands.
func rebuildROA(lines []string) Pasted {
	p := Pasted{NoBody: true, Request: sign.Request{Method: strings.ToUpper(lines[0]), Header: http.Header{"Authorization": {"acs -:-"}}}}
	lines = lines[1:]
	date := slices.IndexFunc(lines, httpDate.MatchString)
	switch {
	case date == 3:
		set(p.Header, "Accept", lines[0], "Content-Md5", lines[1], "Content-Type", lines[2], "Date", lines[3])
	case date >= 0 && date < 3:
		rest := []string{"Accept", "Content-Type"}
		for _, line := range lines[:date] {
			switch {
			case md5Sum.MatchString(line):
				set(p.Header, "Content-Md5", line)
				rest = []string{"Content-Type"}
			case len(rest) > 0:
				set(p.Header, rest[0], line)
				rest = rest[1:]
			}
		}
		set(p.Header, "Date", lines[date])
	}
	lines = lines[date+1:]
	for len(lines) > 1 && !strings.HasPrefix(lines[0], "/") {
		if name, value, ok := strings.Cut(lines[0], ":"); ok && strings.HasPrefix(strings.ToLower(name), "x-acs-") {
			set(p.Header, name, value)
		}
		lines = lines[1:]
	}
	var query string
	p.Path, query, _ = strings.Cut(strings.Join(lines, "\n"), "?")
	if escapes.MatchString(query) {
		p.Query = query // its values should have been decoded
		return p
	}
	var out []string
	for part := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(part, "="); part != "" {
			out = append(out, url.QueryEscape(name)+"="+url.QueryEscape(value))
		}
	}
	p.Query = strings.Join(out, "&")
	return p
}

// rebuildOSS1 reads the lines of a string of V1 of OSS, whose resource is decoded.
func rebuildOSS1(lines []string) Pasted {
	p := Pasted{NoBody: true, Request: sign.Request{Method: strings.ToUpper(lines[0]), Header: http.Header{}}}
	date := slices.IndexFunc(lines, anyDate.MatchString)
	for _, line := range lines[1:date] {
		if md5Sum.MatchString(line) {
			set(p.Header, "Content-Md5", line)
		} else {
			set(p.Header, "Content-Type", line)
		}
	}
	rest := lines[date+1:]
	for len(rest) > 1 && !strings.HasPrefix(rest[0], "/") {
		if name, value, ok := strings.Cut(rest[0], ":"); ok && strings.HasPrefix(strings.ToLower(name), "x-oss-") {
			set(p.Header, name, value)
		}
		rest = rest[1:]
	}
	path, query, _ := strings.Cut(strings.Join(rest, "\n"), "?")
	var out []string
	for part := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(part, "="); part != "" {
			out = append(out, sign.Escape(name)+"="+sign.Escape(value))
		}
	}
	if httpDate.MatchString(lines[date]) {
		set(p.Header, "Authorization", "OSS -:-", "Date", lines[date])
	} else {
		out = append(out, "OSSAccessKeyId=-", "Expires="+lines[date], "Signature=-")
	}
	if escapes.MatchString(path) {
		p.Path = path // it should have been decoded
	} else {
		p.Path = strings.ReplaceAll(sign.Escape(path), "%2F", "/")
	}
	p.Query = strings.Join(out, "&")
	return p
}

// rebuildOSS4 reads the lines of a canonical request of V4 of OSS. What its scope is
// does not stand there.
func rebuildOSS4(lines []string) Pasted {
	p := rebuildCanonical(lines)
	p.Header.Del("Authorization")
	if strings.Contains(p.Query, "x-oss-signature-version=") {
		p.Query += "&x-oss-signature=-"
		return p
	}
	day, _, _ := strings.Cut(p.Header.Get("X-Oss-Date"), "T")
	set(p.Header, "Authorization", string(sign.OSS4)+" Credential=-/"+day+"/cn-hangzhou/oss/aliyun_v4_request,AdditionalHeaders="+lines[len(lines)-2]+",Signature=-")
	return p
}

// rebuildRPC reads METHOD&%2F&PARAMETERS, whose parameters are encoded twice.
func rebuildRPC(text string) Pasted {
	parts := strings.SplitN(strings.TrimSpace(text), "&", 3)
	params := parts[2]
	if !strings.Contains(params, "=") {
		if once, err := url.PathUnescape(params); err == nil {
			params = once
		}
	}
	return Pasted{NoBody: true, Request: sign.Request{Method: strings.ToUpper(parts[0]), Path: "/", Query: params + "&" + signature, Header: http.Header{}}}
}

// rebuildCanonical reads the lines of a canonical request.
func rebuildCanonical(lines []string) Pasted {
	list := lines[len(lines)-2]
	p := Pasted{NoBody: true, Request: sign.Request{Method: strings.ToUpper(lines[0]), Path: lines[1], Query: lines[2], Length: -1, Header: http.Header{}}}
	for _, line := range lines[3:max(3, len(lines)-3)] {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "host") {
			p.Host = value
		} else if name != "" {
			set(p.Header, name, value)
		}
	}
	algorithm, field := sign.ACS3, "Credential"
	if p.Header.Get("X-Sdk-Date") != "" || !strings.Contains(list, "x-acs-") {
		algorithm, field = sign.SDK, "Access"
	}
	set(p.Header, "Authorization", string(algorithm)+" "+field+"=-,SignedHeaders="+list+",Signature=-")
	return p
}

func set(h http.Header, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" { // #nosec G602 -- names and values come in pairs
			h.Set(pairs[i], pairs[i+1]) // #nosec G602 -- as above
		}
	}
}
