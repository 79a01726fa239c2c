// Package checker tells why a signature is refused. It reads a request or a
// string to sign as a person pasted it, and compares it with what web/sign
// makes of the same.
package checker

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/web/sign"
)

// Limit is the most bytes of one pasted text.
const Limit = code.Limit

// Pasted is a request as it was pasted. What prints requests often leaves the
// body out.
type Pasted struct {
	sign.Request
	NoBody bool
	// Domain is the one below which buckets have hosts, as for sign.OSS.
	Domain string
}

// clean ends lines with a line break alone, as no form's field does.
func clean(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

var (
	// curl is the name of the command, and verbose how curl -v says what it has
	// sent.
	curl    = regexp.MustCompile(`(?:^|[\s>])curl(?:\.exe)?[\s\p{Z}]`)
	verbose = regexp.MustCompile(`(?m)^> (?:[A-Z]{3,10} \S+|[A-Za-z]{3,10} \S+ HTTP/\S+)\s*$`)
)

// Read reads a request as a proxy or curl -v prints it, its first line, its
// headers, and its body after an empty line, or as a curl command. What cannot
// be read is refused as a broken rule of the field "sent_request".
func Read(text string) (Pasted, error) {
	text = strings.TrimLeft(clean(text), " \t\n")
	lines := strings.Split(text, "\n")
	if verbose.MatchString(text) {
		lines = only(lines)
	}
	p, err := firstLine(lines[0])
	switch {
	case curl.MatchString(text) && (err != nil || p.Method == "curl"):
		return readCurl(text)
	case err != nil:
		return Pasted{}, err
	}
	p.Header = http.Header{}
	for i, line := range lines[1:] {
		if line == "" {
			p.Body = []byte(strings.Join(lines[i+2:], "\n"))
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) != name || name == "" {
			return Pasted{}, refuse("sent_request", "header_line", line)
		}
		p.Header.Add(name, strings.TrimSpace(value))
	}
	if host := p.Header.Get("Host"); host != "" {
		p.Host = host
		p.Header.Del("Host")
	}
	p.fit()
	return p, nil
}

func readCurl(text string) (Pasted, error) {
	r, err := code.Sent(text)
	var unread *code.Error
	switch {
	case errors.As(err, &unread) && unread.Reason == code.Variable:
		return Pasted{}, refuse("sent_request", "curl_variable", unread.Detail)
	case err != nil:
		return Pasted{}, refuse("sent_request", "curl_command", "")
	}
	return Pasted{Request: r, NoBody: r.Length < 0}, nil
}

// only is what curl -v says it has sent, and no more.
func only(lines []string) []string {
	var out []string
	for _, line := range lines {
		if line == ">" || strings.HasPrefix(line, "> ") {
			out = append(out, strings.TrimPrefix(line[1:], " "))
		}
	}
	return out
}

// method is what a request begins with.
var method = regexp.MustCompile(`^[A-Za-z]{3,10}$`)

// firstLine reads method and target. A target may be a whole address.
func firstLine(line string) (Pasted, error) {
	words := strings.Fields(line)
	if len(words) < 2 || len(words) > 3 || !method.MatchString(words[0]) {
		return Pasted{}, refuse("sent_request", "first_line", line)
	}
	u, err := url.Parse(words[1])
	if err != nil || !strings.HasPrefix(u.EscapedPath(), "/") && u.Host == "" {
		return Pasted{}, refuse("sent_request", "first_line", line)
	}
	p := Pasted{Request: sign.Request{Method: words[0], Path: u.EscapedPath(), Query: u.RawQuery, Host: u.Host}}
	if p.Path == "" {
		p.Path = "/"
	}
	return p, nil
}

// fit makes the body as long as the request says it is: line breaks at the end
// come and go with copying, and each counts.
func (p *Pasted) fit() {
	p.Length = int64(len(p.Body))
	length, err := strconv.Atoi(p.Header.Get("Content-Length"))
	switch {
	case err != nil:
		return
	case length > 0 && len(p.Body) == 0:
		p.NoBody = true
	case length == len(p.Body)+1:
		p.Body = append(p.Body, '\n')
	case length >= 0 && length < len(p.Body) && strings.Trim(string(p.Body[length:]), "\n") == "":
		p.Body = p.Body[:length]
	}
	p.Length = int64(length)
}

// Claim reads who signed, in the way that the request's address or its own
// words ask for.
func (p Pasted) Claim() (*sign.Claim, error) {
	authorization := p.Header.Get("Authorization")
	switch {
	case p.IsOSS():
		return sign.OSS(p.Request, p.Domain)
	case p.Header.Get("X-Auth-Token") != "", strings.HasPrefix(authorization, string(sign.SDK)), strings.HasPrefix(p.Path, "/v1/"):
		return sign.Huawei(p.Request)
	case strings.HasPrefix(authorization, "acs "), strings.HasPrefix(p.Path, "/pop/"):
		return sign.ROA(p.Request)
	}
	return sign.RPC(p.Request)
}

// refuse is a broken rule of a field. Param is where, cut short.
func refuse(field, rule, param string) error {
	return models.Invalid{{Field: field, Rule: rule, Param: short(param)}}
}

// short is a text as far as a sentence has room for it.
func short(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return s
}
