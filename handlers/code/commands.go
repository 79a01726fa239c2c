package code

import (
	"regexp"
	"strings"
)

// Options of curl, as far as they matter: those that have a value, and those
// that change nothing of what is sent.
var (
	curlValues = map[string]string{
		"-X": "--request", "-H": "--header", "-d": "--data", "-A": "--user-agent", "-e": "--referer", "-u": "--user",
		"-o": "--output", "-m": "--max-time", "-b": "--cookie", "-c": "--cookie-jar", "-x": "--proxy", "-w": "--write-out",
		"-F": "--form", "-T": "--upload-file", "-K": "--config", "-E": "--cert", "-r": "--range", "-y": "--speed-time",
		"-Y": "--speed-limit", "-D": "--dump-header", "-C": "--continue-at", "-z": "--time-cond",
	}
	curlLong = words(`--request --header --data --data-ascii --data-binary --data-raw --data-urlencode --json --url
		--user-agent --referer --user --output --max-time --connect-timeout --retry --retry-delay --retry-max-time --cookie
		--cookie-jar --proxy --write-out --form --form-string --upload-file --config --cert --key --cacert --capath --range
		--speed-time --speed-limit --dump-header --continue-at --time-cond --resolve --connect-to --interface --max-redirs
		--limit-rate --noproxy --proto --ciphers --url-query --aws-sigv4 --oauth2-bearer --unix-socket --trace --trace-ascii
		--stderr`)
	curlSilent = words(`--silent --show-error --include --verbose --insecure --location --fail --fail-with-body --compressed
		--globoff --no-buffer --http1.1 --http1.0 --http2 --ipv4 --ipv6 --progress-bar --remote-name --tlsv1.2 --no-progress-meter
		--output --max-time --connect-timeout --retry --retry-delay --retry-max-time --write-out --user-agent --referer --cacert
		--capath --proxy --noproxy --cookie-jar --dump-header --resolve --connect-to --interface --max-redirs --limit-rate
		--ciphers --proto --speed-time --speed-limit --trace --trace-ascii --stderr --path-as-is --raw --styled-output
		--no-keepalive --tcp-nodelay`)
	curlFlags = words("-s -S -i -v -k -L -f -g -N -0 -4 -6 -O -# -1 -2 -3 -n -R -a -q -Z -M")
)

// A call is a request as curl was told to send it.
type call struct {
	method, url  string
	get, head    bool
	sends        bool    // data, whatever it is
	data, query  []Param // decoded
	texts        []string
	contentType  string
	action       string
	headerRegion string
}

// curl reads the words after curl.
func (r *reading) curl(words []string) error {
	c := &call{}
	for i := 0; i < len(words); i++ {
		name, value, has := option(words[i])
		switch {
		case name == "":
			if c.url == "" {
				c.url = words[i]
			} else {
				r.leave(words[i], Unknown)
			}
			continue
		case !has && curlLong[name]:
			if i++; i < len(words) {
				value = words[i]
			}
		}
		r.curlOption(c, name, value)
	}
	return r.send(c)
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

func (r *reading) curlOption(c *call, name, value string) {
	c.sends = c.sends || strings.HasPrefix(name, "--data") || name == "--json" || name == "--form"
	switch name {
	case "--request":
		c.method = strings.ToUpper(value)
	case "--url":
		c.url = value
	case "--get":
		c.get = true
	case "--head":
		c.head = true
	case "--header":
		r.header(c, value)
	case "--data", "--data-ascii", "--data-binary":
		if strings.HasPrefix(value, "@") {
			r.leave(name+" "+value, File)
		} else {
			c.texts = append(c.texts, value)
		}
	case "--json":
		c.contentType = "application/json"
		fallthrough
	case "--data-raw":
		c.texts = append(c.texts, value)
	case "--data-urlencode":
		r.urlencode(c, value)
	case "--url-query":
		c.query = append(c.query, pairs(value)...)
	default:
		if !curlSilent[name] {
			r.leave(strings.TrimSpace(name+" "+value), Unknown)
		}
	}
}

// urlencode reads the value of --data-urlencode: content, =content or
// name=content; the name is encoded already.
func (r *reading) urlencode(c *call, value string) {
	name, content, named := strings.Cut(value, "=")
	if at := strings.IndexByte(value, '@'); at >= 0 && (!named || at < len(name)) {
		r.leave("--data-urlencode "+value, File)
		return
	}
	if !named {
		name, content = "", value
	}
	text := escape(content)
	if strings.Contains(content, dynamic) {
		text = content // what is not known is not encoded either
	}
	if name != "" {
		text = name + "=" + text
	}
	c.texts = append(c.texts, text)
}

// signed are headers of signatures, of clients and of how to send.
var signed = regexp.MustCompile(`(?i)^(accept|accept-.*|authorization|cache-control|connection|content-.*|date|expect|host|origin|referer|user-agent|` +
	`x-acs-.*|x-auth-token|x-domain-id|x-project-id|x-sdk-.*|x-security-token|x-request-id)$`)

func (r *reading) header(c *call, line string) {
	name, value, _ := strings.Cut(line, ":")
	name, value = strings.TrimSpace(strings.TrimSuffix(name, ";")), strings.TrimSpace(value)
	switch strings.ToLower(name) {
	case "x-acs-action":
		c.action = value
	case "x-acs-region-id":
		c.headerRegion = value
	case "content-type":
		c.contentType = value
	}
	if !signed.MatchString(name) {
		r.leave(line, Unknown)
	}
}

// cloudRegion finds the region in the vendor's own addresses.
var cloudRegion = regexp.MustCompile(`^webplus\.([a-z]+-[a-z0-9-]+)\.aliyuncs\.com$`)

// send finds the operation that a call is of and takes its parameters.
func (r *reading) send(c *call) error {
	body := strings.Join(c.texts, "&")
	if len(c.texts) > 1 && strings.HasPrefix(strings.TrimSpace(c.texts[0]), "{") {
		body = strings.Join(c.texts, "")
	}
	host, where, query := address(c.url)
	c.query = append(c.query, pairs(query)...)
	var object []member
	switch text := strings.TrimSpace(body); {
	case c.get || c.head:
		c.query = append(c.query, pairs(body)...)
	case strings.HasPrefix(text, "{"):
		var err error
		if object, err = members(text); err != nil {
			return err
		}
	default:
		c.data = pairs(body)
	}
	if c.method == "" {
		c.method = "GET"
		if c.sends && !c.get && !c.head {
			c.method = "POST"
		}
	}
	for _, p := range append(append([]Param{}, c.query...), c.data...) {
		if p.Name == "Action" && c.action == "" {
			c.action = p.Value
		}
	}
	if err := r.at(c.method, where, c.action); err != nil {
		return err
	}
	if r.region = c.headerRegion; strings.Contains(r.region, dynamic) {
		r.leave("RegionId="+r.region, Variable)
		r.region = ""
	}
	if m := cloudRegion.FindStringSubmatch(host); m != nil && r.region == "" {
		r.region = m[1]
	}
	for _, given := range [][]Param{c.query, c.data, object} {
		for _, p := range given {
			r.set(p.Name, p.Value)
		}
	}
	return nil
}

// address takes an address apart, whose beginning may be a variable.
func address(s string) (host, where, query string) {
	s, _, _ = strings.Cut(s, "#")
	s, query, _ = strings.Cut(s, "?")
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	host, where, _ = strings.Cut(s, "/")
	return host, "/" + unescaped(strings.ReplaceAll(where, "+", "%2B")), query
}

var (
	// aliyunFlags are the options of the aliyun tool that have no value.
	aliyunFlags = words("--force --secure --insecure --quiet --dryrun --cli-dry-run --cli-dry-run-json --help --yes --estimate-cost --skip-secure-verify")
	// aliyunSilent are those that change nothing of what is asked for.
	aliyunSilent = words(`--endpoint --profile --mode --language --version --access-key-id --access-key-secret --sts-token
		--read-timeout --connect-timeout --retry-count --config-path --output --cli-query --user-agent --accept --endpoint-type
		--log-level --waiter --pager --method --ram-role-name --ram-role-arn --role-session-name`)
)

// aliyun reads the words after aliyun.
func (r *reading) aliyun(words []string) error {
	names, options := tool(words, aliyunFlags)
	if len(names) < 2 {
		return &Error{Reason: NoCode}
	}
	c := &call{method: strings.ToUpper(names[1]), url: "/"}
	for len(names) > 3 || len(names) > 2 && !strings.HasPrefix(names[2], "/") {
		r.leave(names[len(names)-1], Unknown)
		names = names[:len(names)-1]
	}
	switch op := r.table.find(names[1]); {
	case len(names) == 3:
		c.url = names[2]
	case op == nil || op.api == lms:
		return &Error{Reason: NoForm, Detail: clip(names[1])}
	default:
		c.method, c.url, c.action = "POST", op.path, op.name
	}
	for _, o := range options {
		switch {
		case o.Name == "--region" || o.Name == "--RegionId":
			c.headerRegion = o.Value
		case o.Name == "--header":
			name, value, _ := strings.Cut(o.Value, "=")
			r.header(c, name+":"+value)
		case o.Name == "--body":
			c.texts = append(c.texts, o.Value)
		case o.Name == "--body-file":
			r.leave(o.Name+" "+o.Value, File)
		case aliyunFlags[o.Name] || aliyunSilent[o.Name] || len(o.Name) == 2:
		default:
			c.data = append(c.data, Param{strings.TrimLeft(o.Name, "-"), o.Value})
		}
	}
	given := c.data
	if err := r.send(c); err != nil {
		return err
	}
	for _, p := range given {
		r.set(p.Name, p.Value)
	}
	return nil
}

// hcloud reads the words after hcloud.
func (r *reading) hcloud(words []string) error {
	names, options := tool(words, hcloudFlags)
	if len(names) < 2 {
		return &Error{Reason: NoCode}
	}
	if names[1] != CreateStore {
		return &Error{Reason: NoForm, Detail: clip(names[1])}
	}
	r.op = r.table.find(CreateStore)
	for _, extra := range names[2:] {
		r.leave(extra, Unknown)
	}
	for _, o := range options {
		switch {
		case o.Name == "--cli-jsonInput":
			r.leave(o.Name+" "+o.Value, File)
		case strings.HasPrefix(o.Name, "--cli-") || hcloudFlags[o.Name] || signed.MatchString(strings.TrimLeft(o.Name, "-")) || len(o.Name) == 2:
		default:
			r.set(strings.TrimLeft(o.Name, "-"), o.Value)
		}
	}
	return nil
}

var hcloudFlags = words("--dryrun --help --debug --skeleton --interactive")

// tool takes the words of a vendor's tool apart: the names that come first, and
// the options, each with its value, joined to it or behind it.
func tool(words []string, flags map[string]bool) (names []string, options []Param) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if len(w) < 2 || w[0] != '-' {
			names = append(names, w)
			continue
		}
		name, value, has := strings.Cut(w, "=")
		if len(name) < 2 {
			name = "--" // of no name
		}
		if !has && !flags[name] && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
			i++
			value = words[i]
		}
		options = append(options, Param{name, value})
	}
	return names, options
}
