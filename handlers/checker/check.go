package checker

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web/sign"
)

// A check is one comparison under way.
type check struct {
	*views.SignatureCheck
	pasted Pasted
	claim  *sign.Claim
	theirs string
	secret string
}

// Request compares what a request says with what we would sign of it, and with
// the string that its signer signed, when that is known. secret is the one of
// the key that the request names, or "" for who may not use it.
func Request(p Pasted, theirs, secret string, now time.Time) *views.SignatureCheck {
	c := &check{SignatureCheck: &views.SignatureCheck{}, pasted: p, theirs: strip(theirs), secret: secret}
	claim, err := p.Claim()
	if err != nil {
		c.refused(err)
		return c.SignatureCheck
	}
	c.claim = claim
	c.Scheme, c.KeyID = string(claim.Scheme), claim.KeyID
	if claim.Scheme == sign.Token {
		c.find(ui.Info, "token")
		return c.SignatureCheck
	}
	if claim.Verify(secret) != nil { // which finds, of OSS, what reading of the address is meant
		c.meant()
	}
	c.clock(now)
	c.body()
	c.texts()
	c.signature()
	return c.SignatureCheck
}

// Text compares a string to sign with the one it should have been. It is
// refused when it is like none.
func Text(theirs string) (*views.SignatureCheck, error) {
	c := &check{SignatureCheck: &views.SignatureCheck{}, theirs: strip(theirs)}
	if hashed.MatchString(c.theirs) {
		c.find(ui.Info, "hashed")
		return c.SignatureCheck, nil
	}
	p, err := rebuild(c.theirs)
	if err != nil {
		return nil, err
	}
	c.pasted = p
	if c.claim, err = p.Claim(); err != nil {
		c.refused(err)
		return c.SignatureCheck, nil
	}
	c.Scheme = string(c.claim.Scheme)
	c.texts()
	if c.Ours == c.theirs {
		c.find(ui.OK, "well-formed")
	}
	return c.SignatureCheck, nil
}

// find adds a finding. What was found before is not said again.
func (c *check) find(tone ui.Tone, key string, args ...any) {
	same := func(f views.SignatureFinding) bool { return f.Key == key && slices.Equal(f.Args, args) }
	if !slices.ContainsFunc(c.Findings, same) && len(c.Findings) < 12 {
		c.Findings = append(c.Findings, views.SignatureFinding{Tone: tone, Key: key, Args: args})
	}
}

// refused says why a request is refused before its signature is looked at.
func (c *check) refused(err error) {
	var refused *sign.Error
	if !errors.As(err, &refused) {
		return
	}
	key := map[sign.Reason]string{
		sign.Absent: "absent", sign.Malformed: "malformed", sign.Missing: "incomplete", sign.BadMethod: "bad-method",
		sign.DateAbsent: "no-date", sign.DateFormat: "date-format", sign.BadDigest: "md5", sign.Unsigned: "unsigned",
	}[refused.Reason]
	c.find(ui.Danger, key, "Name", refused.Detail)
}

// clock looks at the date of a request.
func (c *check) clock(now time.Time) {
	err := c.claim.Fresh(now)
	var refused *sign.Error
	switch {
	case !errors.As(err, &refused):
	case refused.Reason == sign.Stale && c.claim.At.Before(now):
		c.find(ui.Warn, "stale", "Date", refused.Detail, "Count", int(now.Sub(c.claim.At).Minutes()))
	case refused.Reason == sign.Stale:
		c.find(ui.Warn, "ahead", "Date", refused.Detail, "Count", int(c.claim.At.Sub(now).Minutes()))
	default:
		c.refused(err)
	}
}

// oss tells whether the request is one to OSS.
func (c *check) oss() bool { return c.claim.Scheme == sign.OSS1 || c.claim.Scheme == sign.OSS4 }

// meant takes, of the readings of the address of a request to OSS, the one that
// stands in theirs.
func (c *check) meant() {
	first := c.claim.Resource
	for _, reading := range c.claim.Readings() {
		c.claim.Resource = reading
		if resourceOf(c.claim.Scheme, c.theirs) == resourceOf(c.claim.Scheme, cmp.Or(c.claim.Canonical(), c.claim.StringToSign())) {
			return
		}
	}
	c.claim.Resource = first
}

// resourceOf is the resource in a string to sign of OSS V1, or in a canonical
// request.
func resourceOf(scheme sign.Scheme, text string) string {
	lines := strings.Split(text, "\n")
	if scheme == sign.OSS4 {
		return lines[min(1, len(lines)-1)]
	}
	resource, _, _ := strings.Cut(lines[len(lines)-1], "?")
	return resource
}

// body looks at the digest of a request.
func (c *check) body() {
	switch {
	case c.oss(): // whose signatures cover no body
	case c.pasted.NoBody:
		c.find(ui.Info, "no-body")
	case c.pasted.Header.Get("X-Sdk-Content-Sha256") == "UNSIGNED-PAYLOAD":
		c.find(ui.Danger, "unsigned-payload")
	case c.claim.Intact() != nil && c.claim.Scheme == sign.ROA1:
		c.find(ui.Danger, "md5")
	case c.claim.Intact() != nil:
		c.find(ui.Danger, "sha256")
	}
}

// texts puts our text beside theirs: the string to sign, or, where that is a
// hash, the canonical request that it is made of.
func (c *check) texts() {
	c.Ours = c.claim.StringToSign()
	canonical := c.claim.Canonical()
	if c.pasted.NoBody && canonical != "" && !c.oss() {
		canonical = c.withoutBody(canonical)
		c.Ours = c.claim.Hashed(canonical)
	}
	if canonical != "" && !hashed.MatchString(c.theirs) {
		c.Canonical, c.Hashed = true, c.Ours
		c.Ours = canonical
	}
	if spellings := c.claim.Spellings(); slices.Contains(spellings, c.theirs) || c.oss() && c.Canonical && slices.Contains(spellings, c.claim.Hashed(c.theirs)) {
		c.Ours = c.theirs
	}
	if c.theirs == "" {
		c.Rows = Rows(c.claim.Scheme, c.Ours)
		return
	}
	c.Compared = true
	c.Rows = compare(c.claim.Scheme, c.Ours, c.theirs)
	if c.Ours == c.theirs {
		return
	}
	c.place()
	if n := len(c.Findings); c.explain() == n {
		c.find(ui.Danger, "differs")
	}
	if len(c.Rows) > maxRows {
		c.Rows, c.Cut = c.Rows[:maxRows], true
	}
}

// withoutBody takes the digest of a body that is not known from who knew it.
func (c *check) withoutBody(canonical string) string {
	digest := c.pasted.Header.Get("X-Acs-Content-Sha256")
	if last := c.theirs[strings.LastIndexByte(c.theirs, '\n')+1:]; digest == "" && hexSum.MatchString(last) && !hashed.MatchString(c.theirs) {
		digest = last
	}
	if digest == "" {
		return canonical
	}
	return canonical[:strings.LastIndexByte(canonical, '\n')+1] + digest
}

// place finds the first difference, as line and character counted from 1.
func (c *check) place() {
	for i, row := range c.Rows {
		if row.Mark >= 0 || row.Missing || row.Extra {
			c.Line, c.Character = i+1, max(row.Mark, 0)+1
			return
		}
	}
}

// explain says in words what is wrong with each line that differs. It returns
// how many findings there are now.
func (c *check) explain() int {
	if c.reordered() {
		c.find(ui.Danger, "order")
		return len(c.Findings)
	}
	if strings.TrimRight(c.theirs, "\n") == c.Ours {
		c.find(ui.Danger, "line-break")
		return len(c.Findings)
	}
	if c.claim.Scheme == sign.RPC1 && once(c.Ours) == c.theirs {
		c.find(ui.Danger, "once")
		return len(c.Findings)
	}
	for _, row := range c.Rows {
		switch {
		case row.Missing:
			c.missing(row)
		case row.Extra && strings.TrimSpace(row.Theirs) == "":
			c.find(ui.Danger, "blank-extra")
		case row.Extra:
			c.find(ui.Danger, c.named(row.Theirs)+"-extra", "Name", plainName(row.Theirs))
		case row.Mark >= 0:
			c.changed(row)
		}
	}
	return len(c.Findings)
}

// reordered reports whether theirs are our lines in another order.
func (c *check) reordered() bool {
	a, b := pieces(c.claim.Scheme, c.Ours), pieces(c.claim.Scheme, c.theirs)
	for _, lines := range [][]string{a, b} {
		for i, line := range lines {
			lines[i] = strings.TrimSuffix(line, "%26")
		}
		slices.Sort(lines)
	}
	return slices.Equal(a, b)
}

// named is what sort of thing a line of theirs that we have not is.
func (c *check) named(line string) string {
	if c.claim.Scheme == sign.RPC1 {
		return "param"
	}
	if name(line) != "" {
		return "header"
	}
	return "line"
}

// plainName is the name that a line begins with, as a person would write it.
func plainName(line string) string {
	n := name(line)
	if plain, err := url.PathUnescape(n); err == nil {
		n = plain
	}
	if n == "" {
		n = line
	}
	return short(n)
}

func (c *check) missing(row views.SignatureRow) {
	switch row.Part {
	case "header", "param":
		c.find(ui.Danger, row.Part+"-missing", "Name", plainName(row.Ours))
	case "blank":
		c.find(ui.Danger, "blank-missing-canonical")
	case "accept", "md5", "type":
		if row.Ours == "" {
			c.find(ui.Danger, "blank-missing", "Name", map[string]string{"accept": "Accept", "md5": "Content-MD5", "type": "Content-Type"}[row.Part])
			return
		}
		fallthrough
	default:
		c.find(ui.Danger, "line-missing", "Name", plainName(row.Ours))
	}
}

// changed says what is wrong with a line that both have.
func (c *check) changed(row views.SignatureRow) {
	ours, theirs := row.Ours, row.Theirs
	misspelled := spelling(row)
	if misspelled == "escaped" && c.oss() {
		misspelled = "oss-escaped"
	}
	switch {
	case row.Part == "method" && strings.EqualFold(ours, theirs):
		c.find(ui.Danger, "method-case")
	case row.Part == "path" && theirs+"/" == ours:
		c.find(ui.Danger, "slash-missing")
	case row.Part == "path" && theirs == ours+"/":
		c.find(ui.Danger, "slash-extra")
	case row.Part == "header" && strings.HasPrefix(ours, "host:") && hostOnly(ours) == hostOnly(theirs):
		c.find(ui.Danger, "port")
	case row.Part == "header" && strings.HasPrefix(ours, "host:"):
		c.find(ui.Danger, "host")
	case misspelled != "":
		c.find(ui.Danger, misspelled)
	case row.Part == "header" && strings.EqualFold(name(ours), name(theirs)) && name(ours) != name(theirs):
		c.find(ui.Danger, "name-case", "Name", plainName(ours))
	case row.Part == "header", row.Part == "param":
		c.find(ui.Danger, row.Part+"-value", "Name", plainName(ours))
	case row.Part == "hash":
		c.find(ui.Danger, "hash")
	case c.oss() && slices.Contains([]string{"resource", "path", "query", "digest"}, row.Part):
		c.find(ui.Danger, c.ossKey(row.Part))
	default:
		c.find(ui.Danger, "part."+row.Part)
	}
}

// ossKey is the finding about a part that OSS signs in a way of its own. V4 has the
// resource in its path.
func (c *check) ossKey(part string) string {
	if part == "path" {
		part = "resource"
	}
	return "oss-" + part
}

// spelling says how a line of the same meaning is written differently, or "".
func spelling(row views.SignatureRow) string {
	ours, theirs := row.Ours, row.Theirs
	unescaped, err := url.PathUnescape(theirs)
	switch {
	case strings.NewReplacer("%2B", "%2520", "+", "%20").Replace(theirs) == ours, strings.ReplaceAll(theirs, "+", "%20") == ours:
		return "plus"
	case strings.Contains(ours, "%") && strings.EqualFold(ours, theirs):
		return "hex-case"
	case row.Part == "resource" && err == nil && (unescaped == ours || strings.ReplaceAll(unescaped, "+", " ") == ours):
		return "escaped"
	case strings.Join(strings.Fields(theirs), "") == strings.Join(strings.Fields(ours), ""):
		return "spaces"
	}
	return ""
}

func hostOnly(line string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(line, "host:"), ":")
	return host
}

// once is a string of RPC V1 whose parameters were encoded once only.
func once(text string) string {
	at := strings.LastIndexByte(text, '&') + 1
	params, err := url.PathUnescape(text[at:])
	if err != nil {
		return text
	}
	return text[:at] + params
}

// signature says what the signature is of, as far as the secret is known.
func (c *check) signature() {
	same := c.Compared && c.Ours == c.theirs
	text := c.theirs
	if c.Compared && !hashed.MatchString(text) && c.Canonical {
		text = c.claim.Hashed(c.theirs)
	}
	shown := c.Ours
	if c.Canonical {
		shown = c.Hashed
	}
	switch {
	case c.secret == "" && same:
		c.find(ui.OK, "same")
	case c.secret == "":
	case c.claim.Verify(c.secret) == nil, c.claim.SignedAs(shown, c.secret):
		c.find(ui.OK, "right")
	case same:
		c.find(ui.Danger, "secret")
	case c.Compared && c.claim.SignedAs(text, c.secret):
		c.find(ui.Info, "of-theirs")
	case c.Compared:
		c.find(ui.Danger, "not-of-theirs")
	case c.pasted.NoBody && c.claim.Scheme == sign.SDK: // without its body nobody can tell
	default:
		c.guess()
	}
}

// guess tries the mistakes that people make, one at a time, and says which one
// gives the signature that came.
func (c *check) guess() {
	if c.bare() {
		c.find(ui.Danger, "ampersand")
		return
	}
	for _, m := range c.mistakes() {
		if c.claim.SignedAs(m.text, c.secret+m.salt) {
			c.find(ui.Danger, m.key)
			return
		}
	}
	c.find(ui.Danger, "unknown")
}
