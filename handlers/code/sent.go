package code

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"quartermaster/web/sign"
)

// Sent is the request that the first curl command of a text sends, byte for
// byte, as those ask who look for a mistake in its signature. What is in files
// is not read. An error is an *Error; its reason is Variable when a part of the
// request is known to a shell only.
func Sent(text string) (sign.Request, error) {
	list, err := lex(cleaned.Replace(text))
	if err != nil {
		return sign.Request{}, err
	}
	for _, c := range list {
		words := c.words
		for len(words) > 0 && beside[words[0]] {
			words = words[1:]
		}
		if len(words) > 0 && strings.TrimSuffix(path.Base(words[0]), ".exe") == "curl" {
			return sentBy(words[1:])
		}
	}
	return sign.Request{}, &Error{Reason: NoCode}
}

// sentBy follows the options of curl, and what it does by itself.
func sentBy(words []string) (sign.Request, error) {
	for _, word := range words {
		if strings.Contains(word, dynamic) {
			return sign.Request{}, &Error{Reason: Variable, Detail: clip(strings.ReplaceAll(word, dynamic, ""))}
		}
	}
	r := sign.Request{Header: http.Header{"Accept": {"*/*"}}}
	var address, body string
	get, data := false, false
	for i := 0; i < len(words); i++ {
		name, value, has := option(words[i])
		if name == "" {
			address = words[i]
			continue
		}
		if !has && curlLong[name] {
			if i++; i < len(words) {
				value = words[i]
			}
		}
		switch name {
		case "--request":
			r.Method = value
		case "--url":
			address = value
		case "--get":
			get = true
		case "--head":
			r.Method = http.MethodHead
		case "--user-agent":
			r.Header.Set("User-Agent", value)
		case "--header":
			sendHeader(&r, value)
		case "--data", "--data-ascii", "--data-binary", "--data-raw", "--json":
			if data && name != "--json" {
				body += "&"
			}
			body, data = body+value, true
			if name == "--json" {
				byDefault(r.Header, "Content-Type", "application/json")
				r.Header.Set("Accept", "application/json")
			}
			byDefault(r.Header, "Content-Type", formKind)
		case "--data-urlencode":
			if data {
				body += "&"
			}
			name, content, named := strings.Cut(value, "=")
			if !named {
				name, content = "", value
			} else if name != "" {
				name += "="
			}
			body, data = body+name+escape(content), true
			byDefault(r.Header, "Content-Type", formKind)
		}
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return sign.Request{}, &Error{Reason: NoCode}
	}
	if r.Path, r.Query = u.EscapedPath(), u.RawQuery; r.Path == "" {
		r.Path = "/"
	}
	if r.Host == "" {
		r.Host = u.Host
	}
	switch {
	case get && data:
		r.Query = strings.TrimPrefix(r.Query+"&"+body, "&")
		r.Header.Del("Content-Type")
	case data:
		r.Body = []byte(body)
	}
	if r.Method == "" {
		r.Method = http.MethodGet
		if data && !get {
			r.Method = http.MethodPost
		}
	}
	for name, values := range r.Header {
		if values[0] == "" {
			delete(r.Header, name)
		}
	}
	r.Length = int64(len(r.Body))
	return r, nil
}

const formKind = "application/x-www-form-urlencoded"

// byDefault sets a header that nothing has been said of.
func byDefault(h http.Header, name, value string) {
	if h[name] == nil {
		h.Set(name, value)
	}
}

// sendHeader adds a header as curl does: "Name: value"; one without a value
// takes away what curl would send by itself.
func sendHeader(r *sign.Request, line string) {
	name, value, _ := strings.Cut(line, ":")
	name, value = strings.TrimSpace(strings.TrimSuffix(name, ";")), strings.TrimSpace(value)
	switch {
	case strings.EqualFold(name, "Host"):
		r.Host = value
	case name != "":
		key := http.CanonicalHeaderKey(name)
		if old := r.Header[key]; len(old) > 0 && key != "Accept" && key != "Content-Type" {
			r.Header[key] = append(old, value)
			return
		}
		r.Header[key] = []string{value}
	}
}
