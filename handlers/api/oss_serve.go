package api

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// IsObjectCall tells whether a request is for OSS, whatever its path: it carries a
// sign of OSS, or its host is that of a bucket, the vendor's or below the domain.
// Nothing is public there.
func (a *Server) IsObjectCall(r *http.Request) bool {
	return sign.OSSSigned(r.Header, r.URL.RawQuery) || sign.OSSHost(r.Host, a.Domain)
}

// ObjectRequestID is a new id for a request to OSS: four bytes of time and eight
// random ones, in upper-case hex.
func (a *Server) ObjectRequestID(*http.Request) string {
	id := binary.BigEndian.AppendUint32(nil, uint32(a.DB.Now().Unix())) // #nosec G115 -- the id has four bytes, which last until 2106
	id = append(id, make([]byte, 8)...)
	_, _ = rand.Read(id[4:]) // it never fails
	return strings.ToUpper(hex.EncodeToString(id))
}

// Objects answers every request to OSS.
func (a *Server) Objects(g *gin.Context) {
	o := oss{a}
	a.noting(g, o, &Call{began: models.SystemClock()}, o.perform)
}

// FailObject answers a request to OSS that Objects has not answered.
func (a *Server) FailObject(g *gin.Context, err error) {
	g.Abort()
	if g.Writer.Written() {
		panic(http.ErrAbortHandler) // a normal end would make it look complete
	}
	answer(g, oss{a}, &Call{began: models.SystemClock(), request: sign.From(g.Request, nil)}, nil, err)
}

// perform does what a request asks for, in the order of oss.md §3.3. Nothing of
// its body is read before.
func (a oss) perform(g *gin.Context, c *Call) (any, error) {
	ctx := models.AskOnce(g.Request.Context())
	c.request = sign.From(g.Request, nil)
	c.By = models.Actor{Face: models.ByAPI, Address: g.ClientIP(), Agent: g.Request.UserAgent(), RequestID: web.RequestID(ctx)}
	c.Params = sign.OSSParams(c.request.Query)
	if readings, ok := c.request.Resources(a.Domain); ok {
		_ = a.aim(c, readings[0]) // for the log, until the signature has decided
	}
	if err := a.authenticate(ctx, a, c); err != nil {
		return nil, err
	}
	if err := a.aim(c, c.claim.Resource); err != nil {
		return nil, err
	}
	if err := a.admit(ctx, c); err != nil {
		return nil, err
	}
	if embeds(g.Request) {
		return nil, ossAccessDenied
	}
	if err := a.listen(g, c); err != nil {
		return nil, err
	}
	return c.op.Run(a.Server, models.WithActor(ctx, c.By), c)
}

// admit refuses a bucket that is not there or another team's, and then a key that
// may not do what it asks for.
func (a oss) admit(ctx context.Context, c *Call) (err error) {
	if c.Caller.SiteKey() {
		return ossAccessDenied // nothing in OSS says for whom it is
	}
	right := models.See
	if c.op.Writes {
		right = models.Request
	}
	if c.about.Bucket != "" && !c.op.makesBucket() {
		c.Bucket, err = a.DB.FindBucketNamed(ctx, c.By, c.about.Bucket)
		switch {
		case errors.Is(err, models.ErrNotFound):
			return ossNoBucket.with("BucketName", c.about.Bucket)
		case errors.Is(err, models.ErrForbidden) && c.By.May(models.See):
			return ossNotYours.with("BucketName", c.about.Bucket)
		case err != nil:
			return err
		}
	}
	// What a key with grants may reach, models know.
	if !c.Caller.May(a.product(), c.Operation) || len(c.Caller.Key.Grants) == 0 && !c.By.May(right) {
		return models.ErrForbidden
	}
	return a.DB.ObjectStorageOn(ctx, c.By)
}

// embeds tells whether a browser wants a piece of a page, such as a script. Our
// pages take those from their own origin, which is that of objects too: what
// somebody uploaded must be none.
func embeds(r *http.Request) bool {
	return !slices.Contains([]string{"", "document", "empty"}, r.Header.Get("Sec-Fetch-Dest"))
}

// makesBucket tells whether the operation is for a bucket that need not be there.
func (o *Operation) makesBucket() bool { return o.Name == "PutBucket" }

// mostXML is the largest body that is XML; for DeleteMultipleObjects it is twice
// that.
const mostXML = 1 << 20

// listen lets the body be as large, and take as long, as the operation may read.
func (a oss) listen(g *gin.Context, c *Call) error {
	if sent := c.header("content-md5"); sent != "" && !c.op.Streams && c.op.Method != http.MethodGet {
		if _, err := digest(sent); err != nil {
			return err
		}
	}
	switch {
	case c.op.Streams:
		web.AllowUpload(g, 1<<62) // models know the limit
	case c.op.Name == "DeleteMultipleObjects":
		web.AllowBody(g, 2*mostXML)
	}
	c.stream = &body{g.Request.Body}
	return nil
}

// body is the body of a request, whose errors are told apart from others.
type body struct{ io.Reader }

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = brokenBody{err}
	}
	return n, err
}

// header is a header as it is signed and meant.
func (c *Call) header(name string) string { return c.request.Field(name) }

// only refuses a header that has another value than those that are served.
func (c *Call) only(refusal *Error, name string, served ...string) error {
	if value := c.header(name); value != "" && !slices.Contains(served, value) {
		return refusal.with("Header", name)
	}
	return nil
}
