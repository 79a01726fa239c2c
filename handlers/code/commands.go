package code

import (
	"net/http"
	"strings"

	"quartermaster/handlers/api"
	"quartermaster/web/sign"
)

var (
	// aliyunFlags are the options of the aliyun tool that have no value.
	aliyunFlags = words("--force --secure --insecure --quiet --dryrun --cli-dry-run --cli-dry-run-json --help --yes --estimate-cost --skip-secure-verify")
	// aliyunSilent are those that change nothing of what is asked for.
	aliyunSilent = words(`--endpoint --profile --mode --language --version --access-key-id --access-key-secret --sts-token
		--read-timeout --connect-timeout --retry-count --config-path --output --cli-query --user-agent --accept --endpoint-type
		--log-level --waiter --pager --method --ram-role-name --ram-role-arn --role-session-name`)
)

// aliyun is the request that a command of aliyun sends.
func (c *command) aliyun(t Table) (*sent, error) {
	names, options := tool(c.words[1:], aliyunFlags)
	if len(names) < 2 {
		return nil, &Error{Reason: NoCode}
	}
	s := &sent{Request: sign.Request{Method: names[1], Header: http.Header{}}}
	for len(names) > 3 || len(names) > 2 && !strings.HasPrefix(names[2], "/") {
		s.leave(names[len(names)-1], Unknown)
		names = names[:len(names)-1]
	}
	switch op := t.find(names[1]); {
	case len(names) == 3:
		_, s.Path, s.Query = address(names[2], "")
	case op == nil || op.Product.Style == api.JSON:
		return nil, &Error{Reason: NoForm, Detail: clip(names[1])}
	default:
		s.Method, s.Path = http.MethodPost, op.Path
		s.Header.Set("X-Acs-Action", op.Name)
	}
	var given []Param
	for _, o := range options {
		switch {
		case o.Name == "--region" || o.Name == "--RegionId":
			s.Header.Set("X-Acs-Region-Id", o.Value)
		case o.Name == "--header":
			s.header(strings.Replace(o.Value, "=", ":", 1))
		case o.Name == "--body":
			s.Body = []byte(o.Value)
		case o.Name == "--body-file":
			s.leave(o.Name+" "+o.Value, File)
		case aliyunFlags[o.Name] || aliyunSilent[o.Name] || len(o.Name) == 2:
		default:
			given = append(given, Param{strings.TrimLeft(o.Name, "-"), o.Value})
		}
	}
	s.Query += "&" + encoded(given)
	return s, nil
}

// hcloud is the request that a command of hcloud sends, with its parameters in
// the query.
func (c *command) hcloud(t Table) (*sent, error) {
	names, options := tool(c.words[1:], hcloudFlags)
	if len(names) < 2 {
		return nil, &Error{Reason: NoCode}
	}
	op := t.find(names[1])
	if op == nil || op.Product.Style != api.JSON {
		return nil, &Error{Reason: NoForm, Detail: clip(names[1])}
	}
	s := &sent{Request: sign.Request{Method: http.MethodPost, Path: op.Path}}
	for _, extra := range names[2:] {
		s.leave(extra, Unknown)
	}
	var given []Param
	for _, o := range options {
		switch {
		case o.Name == "--cli-jsonInput":
			s.leave(o.Name+" "+o.Value, File)
		case strings.HasPrefix(o.Name, "--cli-") || hcloudFlags[o.Name] || signed.MatchString(strings.TrimLeft(o.Name, "-")) || len(o.Name) == 2:
		default:
			given = append(given, Param{strings.TrimLeft(o.Name, "-"), o.Value})
		}
	}
	s.Query = encoded(given)
	return s, nil
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
