package api

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"quartermaster/models"
)

const noContent = http.StatusNoContent

// metaHeader is what the names of an object's own metadata begin with.
const metaHeader = "x-oss-meta-"

// The headers of what is sent.
var ossSending = []Param{
	keptHeader("Content-Type"), {Name: "Content-MD5", Header: true}, keptHeader("Cache-Control"), keptHeader("Content-Disposition"),
	keptHeader("Content-Encoding"), keptHeader("Content-Language"), keptHeader("Expires"), {Name: metaHeader + "*", Header: true, Words: "x-oss-meta"},
	{Name: "x-oss-forbid-overwrite", Rules: "oneof=true false", Header: true}, {Name: "x-oss-object-acl", Rules: "oneof=default private", Header: true},
	{Name: "x-oss-storage-class", Rules: "oneof=Standard", Header: true},
}

func keptHeader(name string) Param { return Param{Name: name, Header: true, Words: "kept"} }

func digest(sent string) ([]byte, error) {
	sum, err := base64.StdEncoding.DecodeString(sent)
	if err != nil || len(sum) != 16 {
		return nil, ossInvalidDigest
	}
	return sum, nil
}

// checkOSSKey refuses what no key that is written may be.
func checkOSSKey(key string) error {
	switch {
	case len(key) > 1023:
		return ossKeyLength.with("Key", key)
	case !utf8.ValidString(key) || strings.ContainsRune(key, 0):
		return ossKeyText
	case key[0] == '/' || key[0] == '\\':
		return ossKeyBegin.with("Key", key)
	}
	return nil
}

// objectInput is what a request says about the object that it writes.
func (c *Call) objectInput(limit int64) (in models.ObjectInput, err error) {
	if err := checkOSSKey(c.about.Key); err != nil {
		return in, err
	}
	in = models.ObjectInput{BucketID: c.Bucket.ID, Key: c.about.Key, ContentType: c.kept("Content-Type"), Headers: c.objectHeaders(), Sent: models.Sent{Limit: limit}}
	if in.ForbidOverwrite, err = c.forbids(); err != nil {
		return in, err
	}
	for name := range c.request.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-oss-server-side-") || strings.HasPrefix(name, "x-oss-callback") || name == "x-oss-tagging" {
			return in, ossNotImplemented.with("Header", name)
		}
	}
	if err := c.only(ossNotImplemented, "x-oss-storage-class", standard); err != nil {
		return in, err
	}
	return in, c.only(ossAccessDenied, "x-oss-object-acl", "default", "private")
}

// forbids tells whether an object that is there may not be replaced.
func (c *Call) forbids() (bool, error) {
	const name = "x-oss-forbid-overwrite"
	switch value := c.header(name); value {
	case "true":
		return true, nil
	case "false", "":
		return false, nil
	default:
		return false, badArgument(name, value)
	}
}

// kept is a header as it is kept with an object.
func (c *Call) kept(name string) string { return strings.Join(c.request.Header.Values(name), ", ") }

// objectHeaders are the headers that are kept with an object.
func (c *Call) objectHeaders() models.ObjectHeaders {
	h := models.ObjectHeaders{
		ContentEncoding: c.kept("Content-Encoding"), ContentDisposition: c.kept("Content-Disposition"),
		ContentLanguage: c.kept("Content-Language"), CacheControl: c.kept("Cache-Control"), Expires: c.kept("Expires"),
	}
	for name := range c.request.Header {
		if meta, is := strings.CutPrefix(strings.ToLower(name), metaHeader); is {
			if h.Meta == nil {
				h.Meta = map[string]string{}
			}
			h.Meta[meta] = c.header(metaHeader + meta)
		}
	}
	return h
}

func putObject() Operation {
	return Operation{
		Name: "PutObject", Product: OSS(), Method: "PUT", Path: ossKey, Writes: true, Streams: true, Run: (*Server).PutObject, Params: ossSending,
		Errors: slices.Concat(ossOfBucket, ossOfKey, ossOfSending, []*Error{ossFileExists, ossImmutable}),
	}
}

// PutObject keeps what is sent under a key.
func (a *Server) PutObject(ctx context.Context, c *Call) (any, error) {
	in, err := c.objectInput(a.UploadLimit)
	if err != nil {
		return nil, err
	}
	in.Length, in.ContentMD5 = max(0, c.request.Length), c.header("content-md5")
	o, err := a.DB.PutObject(ctx, c.By, in, c.stream)
	if err != nil {
		return nil, err
	}
	return &ossReply{header: map[string]string{"ETag": quoted(o.ETag()), "Content-MD5": base64Sum(o.MD5), "X-Oss-Hash-Crc64ecma": o.CRC64}}, nil
}

func quoted(etag string) string { return `"` + etag + `"` }

// base64Sum is a checksum in hex as the header Content-MD5 has it.
func base64Sum(sum string) string {
	raw, _ := hex.DecodeString(sum)
	return base64.StdEncoding.EncodeToString(raw)
}

// objectReply is the headers that tell of an object.
func objectReply(o *models.Object) map[string]string {
	h := map[string]string{
		"Content-Type": o.ContentType, "Content-Encoding": o.Headers.ContentEncoding, "Content-Disposition": o.Headers.ContentDisposition,
		"Content-Language": o.Headers.ContentLanguage, "Cache-Control": o.Headers.CacheControl, "Expires": o.Headers.Expires,
		"ETag": quoted(o.ETag()), "Last-Modified": o.CreatedAt.UTC().Format(http.TimeFormat), "Accept-Ranges": "bytes",
		"X-Oss-Object-Type": objectType(o), "X-Oss-Storage-Class": standard, "X-Oss-Hash-Crc64ecma": o.CRC64,
	}
	if o.Joined == "" {
		h["Content-MD5"] = base64Sum(o.MD5)
	}
	for name, value := range o.Headers.Meta {
		h[metaHeader+name] = value
	}
	maps.DeleteFunc(h, func(_, value string) bool { return value == "" })
	return h
}

func objectType(o *models.Object) string {
	if o.Multipart {
		return "Multipart"
	}
	return "Normal"
}

// The parameters with which a reply of GetObject has other headers.
var ossResponseHeaders = []struct{ parameter, header string }{
	{"response-content-type", "Content-Type"}, {"response-content-language", "Content-Language"}, {"response-expires", "Expires"},
	{"response-cache-control", "Cache-Control"}, {"response-content-disposition", "Content-Disposition"}, {"response-content-encoding", "Content-Encoding"},
}

var (
	ossConditions = []Param{
		{Name: "If-Match", Header: true}, {Name: "If-None-Match", Header: true}, {Name: "If-Modified-Since", Header: true}, {Name: "If-Unmodified-Since", Header: true},
	}
	ossReading = func() []Param {
		all := []Param{{Name: "Range", Header: true}, {Name: "x-oss-range-behavior", Rules: "oneof=standard", Header: true}}
		for _, r := range ossResponseHeaders {
			all = append(all, Param{Name: r.parameter, Words: "response"})
		}
		return append(all, ossConditions...)
	}()
)

func getObject() Operation {
	return Operation{
		Name: "GetObject", Product: OSS(), Method: "GET", Path: ossKey, Run: (*Server).GetObject, Params: ossReading,
		Errors: slices.Concat(ossOfBucket, []*Error{ossNoKey, ossPrecondition, ossInvalidRange}),
	}
}

// GetObject gives an object, or a range of it.
func (a *Server) GetObject(ctx context.Context, c *Call) (any, error) {
	o, f, err := a.DB.ReadObject(ctx, c.By, c.Bucket.ID, c.about.Key)
	if err != nil {
		return nil, err
	}
	r, err := c.reading(o)
	if err != nil || r.status == http.StatusNotModified {
		return r, errors.Join(err, f.Close())
	}
	first, length, part, err := span(c.header("range"), o.Size, c.header("x-oss-range-behavior") == "standard")
	if err == nil && part {
		r.status = http.StatusPartialContent
		r.header["Content-Range"] = "bytes " + strconv.FormatInt(first, 10) + "-" + strconv.FormatInt(first+length-1, 10) + "/" + strconv.FormatInt(o.Size, 10)
		_, err = f.Seek(first, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.content, r.length = f, length
	return r, nil
}

// reading is the reply to a request to read an object: as the conditions of the
// request have it, and with the headers that it asks for.
func (c *Call) reading(o *models.Object) (*ossReply, error) {
	changed, err := c.conditions("").hold(o)
	if err != nil {
		return nil, err
	}
	r := &ossReply{header: objectReply(o)}
	if !changed {
		r.status = http.StatusNotModified
		r.header = map[string]string{"ETag": r.header["ETag"], "Last-Modified": r.header["Last-Modified"]}
		return r, nil
	}
	for _, h := range ossResponseHeaders {
		if value := c.Params[h.parameter]; value != "" {
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				return nil, badArgument(h.parameter, "")
			}
			r.header[h.header] = value
		}
	}
	if c.claim.Expires() && r.header["Content-Disposition"] == "" {
		r.header["Content-Disposition"] = "attachment" // somebody may open the URL in a browser
	}
	return r, nil
}

func headObject() Operation {
	return Operation{
		Name: "HeadObject", Product: OSS(), Method: "HEAD", Path: ossKey, Run: (*Server).HeadObject, Params: ossConditions,
		Errors: slices.Concat(ossOfBucket, []*Error{ossNoKey, ossPrecondition}),
	}
}

// HeadObject tells what GetObject would give.
func (a *Server) HeadObject(ctx context.Context, c *Call) (any, error) {
	o, err := a.DB.FindObject(ctx, c.By, c.Bucket.ID, c.about.Key)
	if err != nil {
		return nil, err
	}
	r, err := c.reading(o)
	if err == nil && r.status == 0 {
		r.header["Content-Length"] = strconv.FormatInt(o.Size, 10)
	}
	return r, err
}

func getObjectMeta() Operation {
	return Operation{
		Name: "GetObjectMeta", Product: OSS(), Method: "HEAD", Path: ossKey, Asks: "objectMeta", Run: (*Server).GetObjectMeta,
		Errors: slices.Concat(ossOfBucket, []*Error{ossNoKey}),
	}
}

// GetObjectMeta tells the size, the ETag and the time of an object.
func (a *Server) GetObjectMeta(ctx context.Context, c *Call) (any, error) {
	o, err := a.DB.FindObject(ctx, c.By, c.Bucket.ID, c.about.Key)
	if err != nil {
		return nil, err
	}
	all, few := objectReply(o), map[string]string{"Content-Length": strconv.FormatInt(o.Size, 10)}
	for _, name := range []string{"ETag", "Last-Modified", "X-Oss-Hash-Crc64ecma"} {
		if all[name] != "" {
			few[name] = all[name]
		}
	}
	return &ossReply{header: few}, nil
}

func deleteObject() Operation {
	return Operation{
		Name: "DeleteObject", Product: OSS(), Method: "DELETE", Path: ossKey, Writes: true, Run: (*Server).DeleteObject,
		Errors: slices.Concat(ossOfBucket, []*Error{ossImmutable}),
	}
}

// DeleteObject deletes an object; that there is none is no error.
func (a *Server) DeleteObject(ctx context.Context, c *Call) (any, error) {
	if err := a.DB.DeleteKeys(ctx, c.By, c.Bucket.ID, c.about.Key); err != nil {
		return nil, err
	}
	return &ossReply{status: noContent}, nil
}

func getObjectACL() Operation {
	return Operation{
		Name: "GetObjectACL", Product: OSS(), Method: "GET", Path: ossKey, Asks: "acl", Run: (*Server).GetObjectACL,
		Errors: slices.Concat(ossOfBucket, []*Error{ossNoKey}),
	}
}

// GetObjectACL tells that an object is as its bucket is, as all are.
func (a *Server) GetObjectACL(ctx context.Context, c *Call) (any, error) {
	if _, err := a.DB.FindObject(ctx, c.By, c.Bucket.ID, c.about.Key); err != nil {
		return nil, err
	}
	return ossPolicy(c, "default"), nil
}

func putObjectACL() Operation {
	return Operation{
		Name: "PutObjectACL", Product: OSS(), Method: "PUT", Path: ossKey, Asks: "acl", Writes: true, Run: (*Server).PutObjectACL,
		Params: []Param{{Name: "x-oss-object-acl", Rules: "oneof=default private", Header: true}},
		Errors: slices.Concat(ossOfBucket, []*Error{ossNoKey}),
	}
}

// PutObjectACL leaves an object private, and refuses everything else.
func (a *Server) PutObjectACL(ctx context.Context, c *Call) (any, error) {
	if !c.By.May(models.Request) { // no grant is for this
		return nil, models.ErrForbidden
	}
	if err := c.only(ossAccessDenied, "x-oss-object-acl", "default", "private"); err != nil {
		return nil, err
	}
	if _, err := a.DB.FindObject(ctx, c.By, c.Bucket.ID, c.about.Key); err != nil {
		return nil, err
	}
	return &ossReply{}, nil
}

func copyObject() Operation {
	return Operation{
		Name: "CopyObject", Product: OSS(), Method: "PUT", Path: ossKey, Copies: true, Writes: true, Run: (*Server).CopyObject,
		Params: slices.Concat(ossCopying, []Param{{Name: "x-oss-metadata-directive", Rules: "oneof=COPY REPLACE", Header: true}}, ossSending),
		Errors: slices.Concat(ossOfBucket, ossOfKey, []*Error{ossNoKey, ossPrecondition, ossQuota, ossFileExists, ossImmutable}),
	}
}

// The headers that say what is copied.
var ossCopying = []Param{
	{Name: "x-oss-copy-source", Required: true, Header: true}, {Name: "x-oss-copy-source-if-match", Header: true, Words: "If-Match"},
	{Name: "x-oss-copy-source-if-none-match", Header: true, Words: "If-None-Match"},
	{Name: "x-oss-copy-source-if-modified-since", Header: true, Words: "If-Modified-Since"},
	{Name: "x-oss-copy-source-if-unmodified-since", Header: true, Words: "If-Unmodified-Since"},
}

// errNotModified ends a copy of what has not changed.
var errNotModified = errors.New("not modified")

// copied is what a request copies from. Its condition is errNotModified where the
// object is as it was.
func (a *Server) copied(ctx context.Context, c *Call) (bucketID, key string, holds func(*models.Object) error, err error) {
	const name = "x-oss-copy-source"
	raw := c.header(name)
	text, err := url.QueryUnescape(raw)
	bucket, key, found := strings.Cut(strings.TrimPrefix(text, "/"), "/")
	switch {
	case strings.Contains(raw, "?versionId="):
		return "", "", nil, ossNotImplemented.with("Header", name)
	case err != nil || !found || key == "":
		return "", "", nil, badArgument(name, raw)
	}
	if !bucketName.MatchString(bucket) {
		return "", "", nil, ossInvalidBucketName.with("BucketName", bucket)
	}
	b, err := a.DB.FindBucketNamed(ctx, c.By, bucket)
	switch {
	case errors.Is(err, models.ErrForbidden):
		return "", "", nil, ossNotYours.with("BucketName", bucket)
	case errors.Is(err, models.ErrNotFound):
		return "", "", nil, ossNoBucket.with("BucketName", bucket)
	case err != nil:
		return "", "", nil, err
	}
	return b.ID, key, func(o *models.Object) error {
		changed, err := c.conditions("x-oss-copy-source-").hold(o)
		if err == nil && !changed {
			err = errNotModified
		}
		return err
	}, nil
}

// CopyObject copies an object, or changes the headers of one.
func (a *Server) CopyObject(ctx context.Context, c *Call) (any, error) {
	const directive = "x-oss-metadata-directive"
	in := models.CopyInput{}
	switch value := strings.ToUpper(c.header(directive)); value {
	case "", "COPY":
	case "REPLACE":
		in.Replace = true
	default:
		return nil, badArgument(directive, value)
	}
	var err error
	if in.To, err = c.objectInput(0); err != nil {
		return nil, err
	}
	if in.FromBucket, in.FromKey, in.If, err = a.copied(ctx, c); err != nil {
		return nil, err
	}
	o, err := a.DB.CopyObject(ctx, c.By, in)
	switch {
	case errors.Is(err, errNotModified):
		return &ossReply{status: http.StatusNotModified}, nil
	case errors.Is(err, models.ErrNotFound):
		return nil, ossNoKey.with("Key", in.FromKey)
	case err != nil:
		return nil, err
	}
	return &ossReply{
		header: map[string]string{"ETag": quoted(o.ETag()), "X-Oss-Hash-Crc64ecma": o.CRC64},
		xml: struct {
			XMLName            xml.Name `xml:"CopyObjectResult"`
			ETag, LastModified string
		}{ETag: quoted(o.ETag()), LastModified: xmlTime(o.CreatedAt)},
	}, nil
}

func deleteMultipleObjects() Operation {
	return Operation{
		Name: "DeleteMultipleObjects", Product: OSS(), Method: "POST", Path: ossBucket, Asks: "delete", Writes: true, Run: (*Server).DeleteMultipleObjects,
		Params: []Param{ossEncoding, {Name: "Content-MD5", Header: true}},
		Errors: slices.Concat(ossOfBucket, []*Error{ossMalformedXML, ossInvalidDigest, ossImmutable}),
	}
}

type ossDeleted struct{ Key string }

// DeleteMultipleObjects deletes the objects of many keys, or none when one of them
// may not be deleted: its reply has no place for that.
func (a *Server) DeleteMultipleObjects(ctx context.Context, c *Call) (any, error) {
	var in struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   bool
		Object  []ossDeleted
	}
	url, err := c.encoded()
	if err != nil {
		return nil, err
	}
	body, err := readXML(c.stream, 2*mostXML, &in)
	if err == nil && (len(in.Object) == 0 || len(in.Object) > 1000) {
		err = errXML
	}
	if errors.Is(err, errXML) {
		return nil, ossMalformedXML
	}
	if err == nil {
		err = intact(c.header("content-md5"), body)
	}
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(in.Object))
	for i, o := range in.Object {
		keys[i] = o.Key
	}
	if err := a.DB.DeleteKeys(ctx, c.By, c.Bucket.ID, keys...); err != nil {
		return nil, err
	}
	if in.Quiet {
		return &ossReply{}, nil
	}
	reply := struct {
		XMLName      xml.Name `xml:"DeleteResult"`
		EncodingType string   `xml:",omitempty"`
		Deleted      []ossDeleted
	}{EncodingType: url.name()}
	for _, key := range keys {
		reply.Deleted = append(reply.Deleted, ossDeleted{url.text(key)})
	}
	return &ossReply{xml: reply}, nil
}
