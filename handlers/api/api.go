// Package api has the operations of the vendors' own APIs, so that an official
// SDK works with only the endpoint changed. Each product has its dialect: how a
// caller signs, how an answer looks, and which documented code tells of which
// broken rule. The rules themselves are those of models, as for the forms.
package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// Config says how the APIs are served.
type Config struct {
	DB *models.DB
	// Operations are those that are served.
	Operations Table
	// Region is where Web+ makes things when a request names no region.
	Region string
	// Domain has a bucket of each name directly below it, for requests to OSS; ""
	// for none. UploadLimit is the most bytes of an object or part that is sent.
	Domain      string
	UploadLimit int64
	// Rate is how many requests a second one key may make for long; for a
	// moment it may make ten times as many. 0 is no limit. Each process counts
	// for itself.
	Rate float64
}

// Server is what the dialects have in common.
type Server struct {
	Config
	pace *pace
}

// New is a server of the APIs.
func New(cfg Config) *Server { return &Server{Config: cfg, pace: newPace(cfg.Rate)} }

// Call is one request that was signed by a key of ours.
type Call struct {
	// Operation is the documents' name of what is asked for, op its description,
	// nil when it is not served.
	Operation string
	op        *Operation
	By        models.Actor
	Caller    *models.Caller
	// Params are the parameters, each as text; those of stores in the query.
	Params Params
	// Region is where Web+ is to act.
	Region string
	// Body is what the stores' operations read.
	Body []byte
	// Bucket is what an operation of OSS works in, nil where it works in none.
	Bucket *models.Bucket

	about  sign.Resource // of a request to OSS
	stream io.Reader     // its body
	began  time.Time

	request sign.Request
	sent    url.Values // see given
	claim   *sign.Claim
	proven  bool // the signature was found right
}

// Params are the parameters of a call. An empty value means "not given".
type Params map[string]string

// given are the parameters of query and form as they came. Nobody changes them.
func (c *Call) given() url.Values {
	if c.sent == nil {
		c.sent = c.request.Params()
	}
	return c.sent
}

// Get is the value of a parameter, or "" when it was not given.
func (p Params) Get(name string) string { return p[name] }

// moment is a time, the zero one when it was not given.
func (p Params) moment(name, layout string, zone *time.Location) time.Time {
	t, _ := time.ParseInLocation(layout, p[name], zone) // it obeys its rules
	return t
}

// number is a number, or what is meant without it.
func (c *Call) number(name string) int {
	n, err := strconv.Atoi(c.Params[name])
	if err != nil {
		i := slices.IndexFunc(c.op.Params, func(p Param) bool { return p.Name == name })
		n, _ = c.op.Params[i].Default.(int)
	}
	return n
}

// Error is a refusal as the documents print it. What models refuse
// becomes one in the table of its dialect.
type Error struct {
	Status  int
	Code    string
	Message string
	// Variant tells apart those of one code.
	Variant string
	// EC and Details are what OSS says of it beyond that.
	EC      string
	Details []ErrorDetail
}

// ErrorDetail is an element of a refusal by OSS.
type ErrorDetail struct{ Name, Value string }

func refusal(status int, code, message string) *Error {
	return &Error{Status: status, Code: code, Message: message}
}

// variant is a refusal that shares its code with others.
func (e *Error) variant(name string) *Error {
	e.Variant = name
	return e
}

// name is what descriptions and catalogues call it.
func (e *Error) name() string { return strings.TrimSuffix(e.Code+"."+e.Variant, ".") }

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// adding is the refusal with more said at the end of its message.
func (e *Error) adding(text string) *Error {
	more := *e
	more.Message += text
	return &more
}

// What authentication refuses besides the signature itself.
var (
	errUnknownKey  = errors.New("no such access key")
	errInactiveKey = errors.New("access key is not active")
	errNonceUsed   = errors.New("nonce was used before")
	errNoOperation = errors.New("no such operation")
	errVersion     = errors.New("no such version of the API")
	errFormat      = errors.New("no such format")
)

// speech is how one product speaks.
type speech interface {
	product() models.APIProduct
	// claim reads who signed.
	claim(r sign.Request) (*sign.Claim, error)
	// refuse is the one table from errors to the documented codes.
	refuse(c *Call, err error) *Error
	// write writes a reply, or the refusal when there is one.
	write(g *gin.Context, c *Call, reply any, refused *Error)
}

// dialect is the speech of a product whose requests are read whole.
type dialect interface {
	speech
	// name is the operation that a request asks for, before anything of it is
	// believed, where its address alone does not say so.
	name(c *Call) string
	// check refuses what a request that was signed may not ask for.
	check(c *Call) error
	// read gives the call its parameters.
	read(ctx context.Context, c *Call) error
}

// Routes adds all operations, each at its address.
func (a *Server) Routes(r gin.IRoutes) {
	addressed := map[string]bool{}
	for i := range a.Operations {
		o := &a.Operations[i]
		switch {
		case o.Product.Style == Objects: // see Objects
		case o.Product.Style != RPC:
			r.Handle(o.Method, o.Path, a.serve(o.Product.dialect(a), o))
		case !addressed[o.Path]:
			addressed[o.Path] = true
			r.Any(o.Path, a.serve(o.Product.dialect(a), nil))
		}
	}
}

// serve is the handler of a dialect's requests for one operation, or, without
// one, for that which a request names.
func (a *Server) serve(d dialect, o *Operation) gin.HandlerFunc {
	return func(g *gin.Context) {
		a.noting(g, d, &Call{op: o, began: models.SystemClock()}, func(g *gin.Context, c *Call) (any, error) { return a.perform(g, d, c) })
	}
}

// noting answers with what perform makes of a request, and puts it on the list of
// its key's calls.
func (a *Server) noting(g *gin.Context, d speech, call *Call, perform func(*gin.Context, *Call) (any, error)) {
	reply, err := perform(g, call)
	refusal := answer(g, d, call, reply, err)
	if call.Caller == nil {
		return
	}
	if call.proven && call.op != nil && call.op.Writes && models.Denied(err) {
		if err := a.DB.RecordRefused(g.Request.Context(), call.By, call.Operation, 0); err != nil {
			web.Refused(g, err)
		}
	}
	note := models.Call{
		KeyID: call.Caller.Key.ID, TeamID: call.By.TeamID, At: call.began, Product: d.product(), Operation: call.Operation,
		Status: g.Writer.Status(), TookMicros: models.SystemClock().Sub(call.began).Microseconds(),
		RequestID: call.By.RequestID, Address: call.By.Address, Agent: call.By.Agent, Unproven: !call.proven,
	}
	if refusal != nil {
		note.Status, note.Code = refusal.Status, refusal.Code
	}
	a.DB.NoteCall(note)
}

// answer writes the reply, or the refusal that it returns.
func answer(g *gin.Context, d speech, c *Call, reply any, err error) *Error {
	ctx := g.Request.Context()
	var refused *Error
	if err != nil {
		refused = d.refuse(c, err).adding(remark(ctx, err))
		web.RefusedWith(g, refused.Status, err)
	}
	d.write(g, c, reply, refused)
	c.note(ctx, refused)
	return refused
}

// mostNoted bounds what the log has of an operation's name, which before it is
// known is whatever the request says.
const mostNoted = 64

// note adds to the log what was called, by which key, and the code of its
// refusal. An id that no key has is not written: it may be a secret in the wrong
// place.
func (c *Call) note(ctx context.Context, refusal *Error) {
	if c.Operation != "" {
		web.Note(ctx, slog.String("operation", c.Operation[:min(len(c.Operation), mostNoted)]))
	}
	if c.Caller != nil {
		web.Note(ctx, slog.String("key", c.Caller.Key.ID))
	}
	if refusal != nil {
		web.Note(ctx, slog.String("code", refusal.Code))
	}
}

// perform does what a request asks for, in the order of signing.md §2: nothing
// of the request is obeyed before its signature was found right.
func (a *Server) perform(g *gin.Context, d dialect, call *Call) (any, error) {
	ctx := g.Request.Context()
	if err := receive(g.Request, call); err != nil {
		return nil, err
	}
	if call.op == nil {
		call.Operation = d.name(call)
		call.op = a.Operations.find(call.Operation, d.product())
	} else {
		call.Operation = call.op.Name
	}
	call.By = models.Actor{Face: models.ByAPI, Address: g.ClientIP(), Agent: g.Request.UserAgent(), RequestID: web.RequestID(ctx)}
	if err := a.authenticate(ctx, d, call); err != nil {
		return nil, err
	}
	return a.once(ctx, call, func(ctx context.Context) (any, error) { return a.run(ctx, d, call) })
}

// receive reads the body of a request.
func receive(r *http.Request, call *Call) error {
	body, err := io.ReadAll(r.Body)
	call.request = sign.From(r, body)
	switch status := web.Status(err); {
	case err == nil:
		return nil
	case status == http.StatusRequestEntityTooLarge, status == http.StatusServiceUnavailable:
		return err
	}
	return &sign.Error{Reason: sign.Malformed} // it broke off
}

// run does what a request asks for whose signature was found right.
func (a *Server) run(ctx context.Context, d dialect, call *Call) (any, error) {
	if call.op == nil {
		return nil, errNoOperation
	}
	if err := d.check(call); err != nil {
		return nil, err
	}
	if !call.Caller.May(d.product(), call.Operation) {
		return nil, models.ErrForbidden
	}
	if err := d.read(ctx, call); err != nil {
		return nil, err
	}
	return call.op.Run(a, models.WithActor(ctx, call.By), call)
}

// once does what a request asks for unless its nonce was used before. An
// operation that changes something notes the nonce with its change, because a
// commit of its own would take as long as the change; until then it has only
// read, and what it read for a repeat is not told.
func (a *Server) once(ctx context.Context, call *Call, do func(context.Context) (any, error)) (reply any, err error) {
	key, nonce := call.Caller.Key.ID, call.claim.Nonce
	var used error
	switch {
	case nonce == "":
		return do(ctx)
	case call.op != nil && call.op.Writes:
		noting, n := models.WithNonce(ctx, key, nonce)
		reply, err = do(noting)
		used = a.DB.SettleNonce(ctx, n)
	default:
		if used = a.DB.UseNonce(ctx, key, nonce); used == nil {
			return do(ctx)
		}
	}
	if errors.Is(used, models.ErrConflict) {
		used = errNonceUsed
	}
	if used != nil {
		return nil, used
	}
	return reply, err
}

// authenticate finds out whose key signed the request, and refuses everything
// that the key's owner did not send now.
func (a *Server) authenticate(ctx context.Context, d speech, call *Call) error {
	claim, err := d.claim(call.request)
	if err != nil {
		return err
	}
	call.claim = claim
	var caller *models.Caller
	if claim.Scheme == sign.Token {
		caller, err = a.DB.FindCallerByToken(ctx, claim.Token, call.By)
	} else {
		caller, err = a.DB.FindCaller(ctx, claim.KeyID, call.By)
	}
	if errors.Is(err, models.ErrNotFound) {
		return errUnknownKey
	}
	if err != nil {
		return err
	}
	call.Caller, call.By = caller, caller.Actor
	now := a.DB.Now()
	if !caller.Active(now) {
		return errInactiveKey
	}
	if err := claim.Fresh(now); err != nil {
		return err
	}
	if err := claim.Intact(); err != nil {
		return err
	}
	if claim.Scheme != sign.Token {
		if err := claim.Verify(caller.Secret); err != nil {
			return explained(ctx, call, err)
		}
	}
	call.proven = true
	return a.pace.allow(caller.Key.ID, now)
}

// clientToken is the token of an order that a caller asks for with a
// ClientToken, or "" without one. Tokens of different operations and those of
// forms never meet.
func clientToken(operation, token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(operation + "\n" + token))
	return "api-" + hex.EncodeToString(sum[:24])
}

// hostChanged is a signature that is wrong only because the request did not
// arrive with the Host that its signer sent.
type hostChanged struct {
	error
	signed, arrived string
}

func (e *hostChanged) Unwrap() error { return e.error }

// explained is the refusal of a signature, as one of hostChanged where that is
// why. The site's own address is the only one that is tried, with its port and
// without: what a refusal costs stays small.
func explained(ctx context.Context, call *Call, refusal error) error {
	for _, host := range siteHosts(web.SiteURL(ctx, "")) {
		if call.claim.SignedForHost(host, call.Caller.Secret) {
			web.Note(ctx, slog.String("signed_host", host), slog.String("host", call.request.Host))
			return &hostChanged{refusal, host, call.request.Host}
		}
	}
	return refusal
}

// siteHosts are the two ways in which clients write the host of an address, with
// the port and without.
func siteHosts(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if u.Port() != "" {
		return []string{u.Host, strings.TrimSuffix(u.Host, ":"+u.Port())}
	}
	return []string{u.Host, u.Host + ":" + port}
}

// notAllowed tells whether an error says that the caller may not, or not yet, do what
// they ask for.
func notAllowed(err error) bool {
	var held *models.Held
	return errors.As(err, &held) || errors.Is(err, models.ErrUnauthenticated) || models.Denied(err)
}

// remark is what the message of a refusal goes on with beyond the documented
// words: where the order is that waits for approval, that none can be placed, or what a proxy does to
// signatures.
func remark(ctx context.Context, err error) string {
	var held *models.Held
	var host *hostChanged
	switch {
	case models.MayNotOrder(err):
		return " The member whose key this is may not order this kind, product or region."
	case models.Unallowed(err):
		return " The team's approval rules or budget do not allow this order."
	case errors.As(err, &held):
		return " The order is awaiting approval: " + web.SiteURL(ctx, fmt.Sprintf("/orders/%d", held.Number))
	case errors.As(err, &host):
		return fmt.Sprintf(" (The signature is right for the host %q, but the request arrived with the host %q: a proxy in front of this site "+
			"changes the Host header. It has to pass the header on as it is, with its port; in nginx: proxy_set_header Host $http_host;)", host.signed, host.arrived)
	}
	return ""
}

// Paths of the products: below them every answer is in the product's own shape.
const (
	webPlusPath = "/pop"
	storesPath  = "/v1"
)

// Roots are the first parts of the paths of the products that have paths of
// their own.
var Roots = []string{webPlusPath[1:], storesPath[1:]}

func below(path, prefix string) bool {
	rest, found := strings.CutPrefix(path, prefix)
	return found && (rest == "" || rest[0] == '/')
}

// IsCall tells whether a request is for an API: by its path, by a signature or
// token of a vendor, or, at "/" where browsers land too, by the x-acs-action header
// or a parameter Action in the query or in a form. It may read the body of a form,
// and puts it back.
func IsCall(r *http.Request) bool {
	if below(r.URL.Path, webPlusPath) || below(r.URL.Path, storesPath) || signedFor(r) != "" {
		return true
	}
	if asks(r, r.URL.RawQuery) {
		return true
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form := r.Body != nil && r.Method == http.MethodPost && kind == "application/x-www-form-urlencoded"
	if !form || r.URL.Path != "/" && r.Header.Get("Cookie") != "" { // a page's
		return false
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, web.MaxBody+1))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = failed{err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), rest), r.Body}
	return asks(r, string(text))
}

// signedFor is the product that the headers of a request are signed for, or "".
func signedFor(r *http.Request) models.APIProduct {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case scheme == string(sign.SDK), len(r.Header["X-Auth-Token"]) > 0:
		return models.ProductStores
	case scheme == "acs", scheme == string(sign.ACS3) && r.Header.Get("X-Acs-Version") == webPlusVersion:
		return models.ProductWebPlus
	case scheme == string(sign.ACS3), r.Header.Get("X-Acs-Action") != "":
		return models.ProductBSS
	}
	return ""
}

// asks tells whether a query or form is that of a call: it is signed or, at "/",
// has a parameter Action. It may be one that cannot be read, which is then refused
// as its product does.
func asks(r *http.Request, query string) bool {
	has := map[string]bool{}
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			has[plain] = true
		}
	}
	return has["Action"] && r.URL.Path == "/" || has["Signature"] && has["AccessKeyId"]
}

// failed is a body that broke off.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// RequestID is a new id for a request, as its product writes them: an upper-case
// UUID, or 32 hex digits for the stores.
func (a *Server) RequestID(r *http.Request) string {
	id := a.DB.NewRequestID()
	if spoken(r) == models.ProductStores {
		return strings.ReplaceAll(id, "-", "")
	}
	return strings.ToUpper(id)
}

// Fail answers a request that no operation has answered, in its product's shape.
func (a *Server) Fail(g *gin.Context, err error) {
	g.Abort()
	if g.Writer.Written() {
		return
	}
	answer(g, a.at(g), &Call{request: sign.From(g.Request, nil)}, nil, err)
}

// None answers a path that is not served: by whoever it is called, the caller
// has to sign first.
func (a *Server) None(g *gin.Context) { a.serve(a.at(g), nil)(g) }

// at is the dialect that a request is answered in.
func (a *Server) at(g *gin.Context) dialect {
	switch spoken(g.Request) {
	case models.ProductWebPlus:
		return webPlus{a}
	case models.ProductStores:
		return lms{a}
	}
	return bss{a}
}

// spoken is the product that a request is answered as: that of its path or, at a
// path of none, the one that it is signed for.
func spoken(r *http.Request) models.APIProduct {
	signed := signedFor(r)
	switch {
	case below(r.URL.Path, webPlusPath):
		return models.ProductWebPlus
	case below(r.URL.Path, storesPath):
		return models.ProductStores
	case signed == "", r.URL.Path == "/":
		return models.ProductBSS
	}
	return signed
}
