package api

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"hash/crc32"
	"unicode/utf8"

	"quartermaster/models"
	"quartermaster/web/sign"
)

// keyText is how a reply writes keys: as they are, or escaped as in a URL.
type keyText bool

// encoded is how a request wants keys written.
func (c *Call) encoded() (keyText, error) {
	switch value := c.Params["encoding-type"]; value {
	case "url":
		return true, nil
	case "":
		return false, nil
	default:
		return false, badArgument("encoding-type", value)
	}
}

func (t keyText) name() string {
	if t {
		return "url"
	}
	return ""
}

func (t keyText) text(key string) string {
	if t {
		return sign.Escape(key)
	}
	return key
}

type (
	ossContents struct {
		Key          string
		LastModified string
		ETag         string
		Type         string
		Size         int64
		StorageClass string
		Owner        *ossOwner
	}
	ossCommonPrefix struct{ Prefix string }
	ossKeys         struct {
		Contents       []ossContents
		CommonPrefixes []ossCommonPrefix
	}
	ossList struct {
		XMLName      xml.Name `xml:"ListBucketResult"`
		Name         string
		Prefix       string
		Marker       string
		MaxKeys      int
		Delimiter    string
		EncodingType string `xml:",omitempty"`
		IsTruncated  bool
		NextMarker   string `xml:",omitempty"`
		ossKeys
	}
	ossListV2 struct {
		XMLName      xml.Name `xml:"ListBucketResult"`
		Name         string
		Prefix       string
		StartAfter   string `xml:",omitempty"`
		MaxKeys      int
		Delimiter    string
		EncodingType string `xml:",omitempty"`
		IsTruncated  bool
		ossKeys
		KeyCount              int
		ContinuationToken     string `xml:",omitempty"`
		NextContinuationToken string `xml:",omitempty"`
	}
)

func listObjects() Operation {
	return Operation{
		Name: "ListObjects", Product: OSS(), Method: "GET", Path: ossBucket, Run: (*Server).ListObjects, Errors: ossOfBucket,
		Params: []Param{ossPrefix, {Name: "delimiter"}, ossMarker, ossMaxKeys, ossEncoding},
	}
}

// ListObjects lists what a bucket holds by the bytes of the keys.
func (a *Server) ListObjects(ctx context.Context, c *Call) (any, error) {
	as, n, err := c.page()
	if err != nil {
		return nil, err
	}
	q := models.KeyQuery{Prefix: c.Params["prefix"], Delimiter: c.Params["delimiter"], After: c.Params["marker"], Size: n}
	keys, last, err := a.keys(ctx, c, q, as, true)
	if err != nil {
		return nil, err
	}
	return &ossReply{xml: ossList{
		Name: c.Bucket.Name, Prefix: as.text(q.Prefix), Marker: as.text(q.After), MaxKeys: n, Delimiter: as.text(q.Delimiter),
		EncodingType: as.name(), IsTruncated: last != "", NextMarker: as.text(last), ossKeys: keys,
	}}, nil
}

// page is how a list is to be written, and how long it may be.
func (c *Call) page() (keyText, int, error) {
	as, err := c.encoded()
	if err != nil {
		return as, 0, err
	}
	n, err := c.count("max-keys", 100, 1000)
	return as, n, err
}

// keys are the keys and prefixes of a page, and the last of them when others
// follow.
func (a *Server) keys(ctx context.Context, c *Call, q models.KeyQuery, as keyText, owned bool) (out ossKeys, last string, err error) {
	list, more, err := a.DB.ListKeys(ctx, c.By, c.Bucket.ID, q)
	if err != nil {
		return out, "", err
	}
	for _, e := range list {
		if last = e.Folder; e.Object == nil {
			out.CommonPrefixes = append(out.CommonPrefixes, ossCommonPrefix{as.text(e.Folder)})
			continue
		}
		o := e.Object
		last = o.Key
		found := ossContents{Key: as.text(o.Key), LastModified: xmlTime(o.CreatedAt), ETag: quoted(o.ETag()), Type: objectType(o), Size: o.Size, StorageClass: standard}
		if owned {
			owner := ownerOf(c.By)
			found.Owner = &owner
		}
		out.Contents = append(out.Contents, found)
	}
	if !more {
		last = ""
	}
	return out, last, nil
}

func listObjectsV2() Operation {
	return Operation{
		Name: "ListObjectsV2", Product: OSS(), Method: "GET", Path: ossBucket, Asks: "list-type=2", Run: (*Server).ListObjectsV2, Errors: ossOfBucket,
		Params: []Param{ossPrefix, {Name: "delimiter"}, {Name: "start-after"}, {Name: "continuation-token"}, ossMaxKeys, ossEncoding,
			{Name: "fetch-owner", Rules: "oneof=true false"}},
	}
}

// ListObjectsV2 is ListObjects with pages that follow each other by tokens.
func (a *Server) ListObjectsV2(ctx context.Context, c *Call) (any, error) {
	as, n, err := c.page()
	if err != nil {
		return nil, err
	}
	q := models.KeyQuery{Prefix: c.Params["prefix"], Delimiter: c.Params["delimiter"], After: c.Params["start-after"], Size: n}
	token := c.Params["continuation-token"]
	if token != "" {
		var ok bool
		if q.After, ok = readToken(token); !ok {
			return nil, badArgument("continuation-token", token)
		}
	}
	keys, last, err := a.keys(ctx, c, q, as, c.Params["fetch-owner"] == "true")
	if err != nil {
		return nil, err
	}
	list := ossListV2{
		Name: c.Bucket.Name, Prefix: as.text(q.Prefix), StartAfter: as.text(c.Params["start-after"]), MaxKeys: n, Delimiter: as.text(q.Delimiter),
		EncodingType: as.name(), IsTruncated: last != "", ossKeys: keys, KeyCount: len(keys.Contents) + len(keys.CommonPrefixes), ContinuationToken: token,
	}
	if list.IsTruncated {
		list.NextContinuationToken = newToken(last)
	}
	return &ossReply{xml: list}, nil
}

// newToken is the last key of a page as the next page's token: letters, figures,
// - and _ alone, because clients decode it as a part of a URL.
func newToken(last string) string {
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(last)))
	return base64.RawURLEncoding.EncodeToString(append(sum, last...))
}

// readToken is the key of a token of ours.
func readToken(token string) (last string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < 5 || binary.BigEndian.Uint32(raw) != crc32.ChecksumIEEE(raw[4:]) || !utf8.Valid(raw[4:]) {
		return "", false
	}
	return string(raw[4:]), true
}
