package code

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"quartermaster/web/sign"
)

// Options of curl: short ones that have a value, those with a value that matter
// and those that change nothing of what is sent, and the same without a value.
var (
	curlValues = map[string]string{
		"-X": "--request", "-H": "--header", "-d": "--data", "-A": "--user-agent", "-e": "--referer", "-u": "--user",
		"-o": "--output", "-m": "--max-time", "-b": "--cookie", "-c": "--cookie-jar", "-x": "--proxy", "-w": "--write-out",
		"-F": "--form", "-T": "--upload-file", "-K": "--config", "-E": "--cert", "-r": "--range", "-y": "--speed-time",
		"-Y": "--speed-limit", "-D": "--dump-header", "-C": "--continue-at", "-z": "--time-cond",
	}
	curlMatter = words(`--request --header --data --data-ascii --data-binary --data-raw --data-urlencode --json --url --user --cookie
		--form --form-string --upload-file --config --cert --key --range --continue-at --time-cond --url-query
		--aws-sigv4 --oauth2-bearer --unix-socket`)
	curlQuiet = words(`--user-agent --referer --output --max-time --connect-timeout --retry --retry-delay --retry-max-time --cookie-jar
		--proxy --write-out --cacert --capath --speed-time --speed-limit --dump-header --resolve --connect-to
		--interface --max-redirs --limit-rate --noproxy --proto --ciphers --trace --trace-ascii --stderr`)
	curlSilent = words(`--silent --show-error --include --verbose --insecure --location --fail --fail-with-body --compressed --globoff
		--no-buffer --http1.1 --http1.0 --http2 --ipv4 --ipv6 --progress-bar --remote-name --tlsv1.2 --no-progress-meter
		--path-as-is --raw --styled-output --no-keepalive --tcp-nodelay`)
	curlFlags = words("-s -S -i -v -k -L -f -g -N -0 -4 -6 -O -# -1 -2 -3 -n -R -a -q -Z -M")
)

// A sent is a request as a command sends it, byte for byte, and the parts of
// the command that are not in it. Its length is -1 when its body is in a file.
type sent struct {
	sign.Request
	parts []Part
}

// Sent is the request that the first curl command of a text sends, byte for
// byte, as those ask who look for a mistake in its signature. Its Length is -1
// when its body is in a file. An error is an *Error; its reason is Variable when
// a part of the request is known to a shell only.
func Sent(text string) (sign.Request, error) {
	text, err := pasted(text)
	if err != nil {
		return sign.Request{}, err
	}
	list, err := commands(text)
	if err != nil {
		return sign.Request{}, err
	}
	for _, c := range list {
		if c.program() != "curl" {
			continue
		}
		for _, word := range append(c.words, c.input) {
			if strings.Contains(word, dynamic) {
				return sign.Request{}, &Error{Reason: Variable, Detail: clip(word)}
			}
		}
		if s, _ := c.curl(nil); s.Host != "" {
			return s.Request, nil
		}
		break
	}
	return sign.Request{}, &Error{Reason: NoCode}
}

// leave names a part that is not in the request.
func (s *sent) leave(text string, why Reason) { s.parts = append(s.parts, Part{text, why}) }

// A call is what curl is told to do.
type call struct {
	*sent
	command
	address, query, body string
	get, data            bool
	file                 bool // a part of the data is in one
}

// curl follows the options of curl, and what it does by itself.
func (c *command) curl(Table) (*sent, error) {
	a := &call{sent: &sent{Request: sign.Request{Header: http.Header{"Accept": {"*/*"}}}}, command: *c}
	for i := 1; i < len(c.words); i++ {
		name, value, has := option(c.words[i])
		switch {
		case name == "" && a.address == "":
			a.address = c.words[i]
			continue
		case name == "":
			a.leave(c.words[i], Unknown)
			continue
		case !has && (curlMatter[name] || curlQuiet[name]):
			if i++; i < len(c.words) {
				value = c.words[i]
			}
		}
		if !a.sends(name, value) {
			a.option(name, value)
		}
	}
	a.finish()
	return a.sent, nil
}

// option takes an option apart: its long name, its value when that is joined to
// it. "" is no option. Of short ones in one word, those before the last have no
// value and change nothing, or are what the word is called.
func option(word string) (name, value string, has bool) {
	if strings.HasPrefix(word, "--") {
		return word, "", false
	}
	if len(word) < 2 || word[0] != '-' {
		return "", "", false
	}
	for i := 1; i < len(word); i++ {
		short := "-" + word[i:i+1]
		if long := curlValues[short]; long != "" {
			return long, word[i+1:], i+1 < len(word)
		}
		switch {
		case short == "-G":
			return "--get", "", false
		case short == "-I":
			return "--head", "", false
		case !curlFlags[short]:
			return word, "", false
		}
	}
	return "--silent", "", false
}

func (a *call) option(name, value string) {
	switch name {
	case "--request":
		a.Method = value
	case "--url":
		a.address = value
	case "--get":
		a.get = true
	case "--head":
		a.Method = http.MethodHead
	case "--header":
		a.header(value)
	case "--user-agent":
		a.Header.Set("User-Agent", value)
	case "--url-query":
		a.query += "&" + urlencoded(value)
	default:
		if !curlSilent[name] && !curlQuiet[name] {
			a.leave(strings.TrimSpace(name+" "+value), Unknown)
		}
	}
}

// sends takes an option that says what is in the body.
func (a *call) sends(name, value string) bool {
	text := value
	switch name {
	case "--data", "--data-ascii", "--data-binary", "--json":
		if value == "@-" && a.given {
			text = a.input
			if name != "--data-binary" && name != "--json" {
				text = strings.ReplaceAll(text, "\n", "")
			}
		} else if strings.HasPrefix(value, "@") {
			a.inFile(name + " " + value)
			return true
		}
	case "--data-raw":
	case "--data-urlencode":
		if name, _, _ := strings.Cut(value, "="); strings.Contains(name, "@") {
			a.inFile("--data-urlencode " + value)
			return true
		}
		text = urlencoded(value)
	case "--form", "--form-string":
		a.file = true // in parts, between which curl puts a text of its own
		byDefault(a.Header, "Content-Type", "multipart/form-data")
		return false
	default:
		return false
	}
	if a.data && name != "--json" {
		a.body += "&"
	}
	if name == "--json" {
		byDefault(a.Header, "Content-Type", "application/json")
		a.Header.Set("Accept", "application/json")
	}
	a.body, a.data = a.body+text, true
	return true
}

// urlencoded is name=content with the content encoded. Content alone may have
// an equals sign before it.
func urlencoded(value string) string {
	name, content, named := strings.Cut(value, "=")
	switch {
	case !named:
		content = value
		name = ""
	case name != "":
		name += "="
	}
	if strings.Contains(content, dynamic) {
		return name + content // what is not known is not encoded either
	}
	return name + sign.Escape(content)
}

func (a *call) inFile(text string) {
	a.file = true
	a.leave(text, File)
}

// finish puts together what curl was told.
func (a *call) finish() {
	a.Host, a.Path, a.Query = address(a.address, a.Host)
	switch {
	case a.get && a.data:
		a.query += "&" + a.body
	case a.data || a.file:
		a.Body = []byte(a.body)
		byDefault(a.Header, "Content-Type", formKind)
	}
	if a.query != "" {
		a.Query = strings.TrimPrefix(a.Query+a.query, "&")
	}
	if a.Method == "" {
		a.Method = http.MethodGet
		if (a.data || a.file) && !a.get {
			a.Method = http.MethodPost
		}
	}
	for name, values := range a.Header {
		if values[0] == "" {
			delete(a.Header, name)
		}
	}
	if a.Length = int64(len(a.Body)); a.file {
		a.Length = -1
	}
}

const formKind = "application/x-www-form-urlencoded"

// byDefault sets a header that nothing has been said of.
func byDefault(h http.Header, name, value string) {
	if h[name] == nil {
		h.Set(name, value)
	}
}

// address takes an address apart, whose beginning may be a variable. A host
// that is named beside it counts.
func address(s, named string) (host, where, query string) {
	s, _, _ = strings.Cut(s, "#")
	s, query, _ = strings.Cut(s, "?")
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	host, where, _ = strings.Cut(s, "/")
	if host = host[strings.LastIndexByte(host, '@')+1:]; named != "" {
		host = named
	}
	where = "/" + where
	if plain, err := url.PathUnescape(where); err == nil {
		where = (&url.URL{Path: plain, RawPath: where}).EscapedPath()
	}
	return host, where, query
}

// signed are headers of signatures, of clients and of how to send.
var signed = regexp.MustCompile(`(?i)^(accept|accept-.*|authorization|cache-control|connection|content-.*|date|expect|host|origin|referer|user-agent|` +
	`x-acs-.*|x-auth-token|x-domain-id|x-project-id|x-sdk-.*|x-security-token|x-request-id)$`)

// header adds a header as curl does: "Name: value"; one without a value takes
// away what curl would send by itself.
func (s *sent) header(line string) {
	name, value, _ := strings.Cut(line, ":")
	name, value = strings.TrimSpace(strings.TrimSuffix(name, ";")), strings.TrimSpace(value)
	switch key := http.CanonicalHeaderKey(name); {
	case key == "":
	case key == "Host":
		s.Host = value
	case s.Header[key] == nil || key == "Accept" || key == "Content-Type":
		s.Header[key] = []string{value}
	default:
		s.Header[key] = append(s.Header[key], value)
	}
	if !signed.MatchString(name) {
		s.leave(line, Unknown)
	}
}
