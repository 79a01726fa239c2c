package api

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"quartermaster/models"
	"quartermaster/web/sign"
)

var (
	ossUploadID   = Param{Name: "uploadId", Required: true}
	ossPartNumber = Param{Name: "partNumber", Type: Number, Required: true, Rules: "min=1,max=10000"}
	ossOfUpload   = slices.Concat(ossOfBucket, []*Error{ossNoUpload})
)

// upload names the unfinished upload of a request.
func (c *Call) upload() models.MultipartRef {
	return models.MultipartRef{BucketID: c.Bucket.ID, Key: c.about.Key, ID: c.Params["uploadId"]}
}

// partNumber is the number of a part.
func (c *Call) partNumber() (int, error) {
	n, err := c.count("partNumber", 0, models.MaxPartNumber)
	if err == nil && n == 0 {
		err = badArgument("partNumber", "")
	}
	return n, err
}

func initiateMultipartUpload() Operation {
	return Operation{
		Name: "InitiateMultipartUpload", Product: OSS(), Method: "POST", Path: ossKey, Asks: "uploads", Writes: true, Run: (*Server).InitiateMultipartUpload,
		Params: slices.Concat([]Param{ossEncoding}, ossSending),
		Errors: slices.Concat(ossOfBucket, ossOfKey, []*Error{ossFileExists, ossImmutable, ossManyUploads}),
	}
}

// InitiateMultipartUpload begins an upload in parts.
func (a *Server) InitiateMultipartUpload(ctx context.Context, c *Call) (any, error) {
	as, err := c.encoded()
	if err != nil {
		return nil, err
	}
	in, err := c.objectInput(0)
	if err != nil {
		return nil, err
	}
	m, err := a.DB.BeginMultipart(ctx, c.By, in)
	if err != nil {
		return nil, err
	}
	return &ossReply{xml: struct {
		XMLName      xml.Name `xml:"InitiateMultipartUploadResult"`
		EncodingType string   `xml:",omitempty"`
		Bucket       string
		Key          string
		UploadID     string `xml:"UploadId"`
	}{EncodingType: as.name(), Bucket: c.Bucket.Name, Key: as.text(m.Key), UploadID: m.ID}}, nil
}

func uploadPart() Operation {
	return Operation{
		Name: "UploadPart", Product: OSS(), Method: "PUT", Path: ossKey, Asks: "partNumber&uploadId", Writes: true, Streams: true, Run: (*Server).UploadPart,
		Params: []Param{ossPartNumber, ossUploadID, {Name: "Content-MD5", Header: true}},
		Errors: slices.Concat(ossOfUpload, ossOfSending),
	}
}

// UploadPart keeps a part of an upload.
func (a *Server) UploadPart(ctx context.Context, c *Call) (any, error) {
	n, err := c.partNumber()
	if err != nil {
		return nil, err
	}
	sent := models.Sent{Limit: a.UploadLimit, Length: max(0, c.request.Length), ContentMD5: c.header("content-md5")}
	p, err := a.DB.PutPart(ctx, c.By, c.upload(), n, sent, c.stream)
	if err != nil {
		return nil, err
	}
	return &ossReply{header: map[string]string{"ETag": quoted(p.ETag()), "Content-MD5": base64Sum(p.MD5), "X-Oss-Hash-Crc64ecma": p.CRC64}}, nil
}

func uploadPartCopy() Operation {
	return Operation{
		Name: "UploadPartCopy", Product: OSS(), Method: "PUT", Path: ossKey, Asks: "partNumber&uploadId", Copies: true, Writes: true, Run: (*Server).UploadPartCopy,
		Params: slices.Concat([]Param{ossPartNumber, ossUploadID}, ossCopying, []Param{{Name: "x-oss-copy-source-range", Header: true}}),
		Errors: slices.Concat(ossOfUpload, []*Error{ossNoKey, ossPrecondition, ossInvalidRange, ossEntityTooLarge, ossQuota}),
	}
}

// UploadPartCopy makes a part of an object, or of a range of it.
func (a *Server) UploadPartCopy(ctx context.Context, c *Call) (any, error) {
	const ranged = "x-oss-copy-source-range"
	n, err := c.partNumber()
	if err != nil {
		return nil, err
	}
	from := models.PartSource{Last: -1}
	if from.BucketID, from.Key, from.If, err = a.copied(ctx, c); err != nil {
		return nil, err
	}
	if text := c.header(ranged); text != "" {
		var ok bool
		if from.First, from.Last, ok = bounds(text); !ok || from.First < 0 {
			return nil, badArgument(ranged, text)
		}
	}
	// Which of the two there is not would be one error.
	if _, err := a.DB.FindMultipart(ctx, c.By, c.upload()); err != nil {
		return nil, err
	}
	p, err := a.DB.CopyPart(ctx, c.By, c.upload(), n, models.Sent{Limit: a.UploadLimit}, from)
	var broken models.Invalid
	switch {
	case errors.Is(err, errNotModified):
		return &ossReply{status: http.StatusNotModified}, nil
	case errors.Is(err, models.ErrNotFound):
		return nil, ossNoKey.with("Key", from.Key)
	case errors.As(err, &broken) && broken[0].Field == "range":
		return nil, ossInvalidRange.with("ActualObjectSize", broken[0].Param, "RangeRequested", c.header(ranged))
	case err != nil:
		return nil, err
	}
	return &ossReply{
		header: map[string]string{"ETag": quoted(p.ETag())},
		xml: struct {
			XMLName            xml.Name `xml:"CopyPartResult"`
			LastModified, ETag string
		}{LastModified: xmlTime(p.CreatedAt), ETag: quoted(p.ETag())},
	}, nil
}

func completeMultipartUpload() Operation {
	return Operation{
		Name: "CompleteMultipartUpload", Product: OSS(), Method: "POST", Path: ossKey, Asks: "uploadId", Writes: true, Run: (*Server).CompleteMultipartUpload,
		Params: []Param{ossUploadID, ossEncoding, {Name: "x-oss-complete-all", Rules: "oneof=yes", Header: true},
			{Name: "x-oss-forbid-overwrite", Rules: "oneof=true false", Header: true}},
		Errors: slices.Concat(ossOfUpload, []*Error{ossMalformedComplete, ossInvalidPart, ossInvalidPartOrder, ossEntityTooSmall, ossFileExists, ossImmutable, ossQuota}),
	}
}

// CompleteMultipartUpload makes the object of the parts of an upload.
func (a *Server) CompleteMultipartUpload(ctx context.Context, c *Call) (any, error) {
	const all = "x-oss-complete-all"
	var sent struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    []struct {
			PartNumber int
			ETag       string
		}
	}
	as, err := c.encoded()
	if err != nil {
		return nil, err
	}
	body, err := readXML(c.stream, mostXML, &sent)
	switch {
	case errors.Is(err, errXML), err == nil && len(sent.Part) > models.MaxPartNumber:
		return nil, ossMalformedComplete
	case err != nil:
		return nil, err
	}
	in := models.CompleteInput{MultipartRef: c.upload(), All: c.header(all) == "yes"}
	if err := intact(c.header("content-md5"), body); err != nil {
		return nil, err
	}
	if value := c.header(all); value != "" && (value != "yes" || body != nil) {
		return nil, badArgument(all, value)
	}
	if err := c.only(ossNotImplemented, "x-oss-callback", ""); err != nil {
		return nil, err
	}
	if in.ForbidOverwrite, err = c.forbids(); err != nil {
		return nil, err
	}
	for _, p := range sent.Part {
		in.Parts = append(in.Parts, models.PartRef{Number: p.PartNumber, ETag: p.ETag})
	}
	o, err := a.DB.CompleteMultipart(ctx, c.By, in)
	if err != nil {
		return nil, err
	}
	return &ossReply{
		header: map[string]string{"ETag": quoted(o.ETag()), "X-Oss-Hash-Crc64ecma": o.CRC64},
		xml: struct {
			XMLName      xml.Name `xml:"CompleteMultipartUploadResult"`
			EncodingType string   `xml:",omitempty"`
			Location     string
			Bucket       string
			Key          string
			ETag         string
		}{EncodingType: as.name(), Location: c.location(o), Bucket: c.Bucket.Name, Key: as.text(o.Key), ETag: quoted(o.ETag())},
	}, nil
}

// location is the address of an object, with the bucket where the request had it.
func (c *Call) location(o *models.Object) string {
	key := strings.ReplaceAll(sign.Escape(o.Key), "%2F", "/")
	if host := strings.ToLower(c.request.Host); host != c.endpoint() {
		return "http://" + host + "/" + key
	}
	return "http://" + c.request.Host + "/" + c.Bucket.Name + "/" + key
}

func abortMultipartUpload() Operation {
	return Operation{
		Name: "AbortMultipartUpload", Product: OSS(), Method: "DELETE", Path: ossKey, Asks: "uploadId", Writes: true, Run: (*Server).AbortMultipartUpload,
		Params: []Param{ossUploadID}, Errors: ossOfUpload,
	}
}

// AbortMultipartUpload ends an upload and drops its parts.
func (a *Server) AbortMultipartUpload(ctx context.Context, c *Call) (any, error) {
	if err := a.DB.AbortMultipart(ctx, c.By, c.upload()); err != nil {
		return nil, err
	}
	return &ossReply{status: noContent}, nil
}

func listMultipartUploads() Operation {
	return Operation{
		Name: "ListMultipartUploads", Product: OSS(), Method: "GET", Path: ossBucket, Asks: "uploads", Run: (*Server).ListMultipartUploads, Errors: ossOfBucket,
		Params: []Param{ossPrefix, {Name: "delimiter"}, {Name: "key-marker"}, {Name: "upload-id-marker"}, ossEncoding,
			{Name: "max-uploads", Type: Number, Rules: "min=1,max=1000", Default: 1000}},
	}
}

type (
	ossUpload struct {
		Key       string
		UploadID  string `xml:"UploadId"`
		Initiated string
	}
	ossUploadList struct {
		XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
		EncodingType       string   `xml:",omitempty"`
		Bucket             string
		KeyMarker          string
		UploadIDMarker     string `xml:"UploadIdMarker"`
		NextKeyMarker      string
		NextUploadIDMarker string `xml:"NextUploadIdMarker"`
		Delimiter          string
		Prefix             string
		MaxUploads         int
		IsTruncated        bool
		Upload             []ossUpload
		CommonPrefixes     []ossCommonPrefix
	}
)

// ListMultipartUploads lists the unfinished uploads of a bucket by key, and then by
// id.
func (a *Server) ListMultipartUploads(ctx context.Context, c *Call) (any, error) {
	as, err := c.encoded()
	if err != nil {
		return nil, err
	}
	n, err := c.count("max-uploads", 1000, 1000)
	if err != nil {
		return nil, err
	}
	q := models.KeyQuery{Prefix: c.Params["prefix"], Delimiter: c.Params["delimiter"], After: c.Params["key-marker"], Size: n}
	id := c.Params["upload-id-marker"]
	if q.After == "" {
		id = "" // it says nothing alone
	}
	found, more, err := a.DB.ListMultiparts(ctx, c.By, c.Bucket.ID, q, id)
	if err != nil {
		return nil, err
	}
	list := ossUploadList{
		EncodingType: as.name(), Bucket: c.Bucket.Name, KeyMarker: as.text(q.After), UploadIDMarker: id, Delimiter: as.text(q.Delimiter),
		Prefix: as.text(q.Prefix), MaxUploads: n, IsTruncated: more,
	}
	for _, e := range found {
		lastKey, lastID := e.Folder, ""
		if m := e.Upload; m == nil {
			list.CommonPrefixes = append(list.CommonPrefixes, ossCommonPrefix{as.text(e.Folder)})
		} else {
			lastKey, lastID = m.Key, m.ID
			list.Upload = append(list.Upload, ossUpload{as.text(m.Key), m.ID, xmlTime(m.CreatedAt)})
		}
		if more {
			list.NextKeyMarker, list.NextUploadIDMarker = as.text(lastKey), lastID
		}
	}
	return &ossReply{xml: list}, nil
}

func listParts() Operation {
	return Operation{
		Name: "ListParts", Product: OSS(), Method: "GET", Path: ossKey, Asks: "uploadId", Run: (*Server).ListParts, Errors: ossOfUpload,
		Params: []Param{ossUploadID, {Name: "part-number-marker", Type: Number, Rules: "min=0"}, ossEncoding,
			{Name: "max-parts", Type: Number, Rules: "min=1,max=1000", Default: 1000}},
	}
}

type (
	ossPart struct {
		PartNumber    int
		LastModified  string
		ETag          string
		HashCrc64ecma string
		Size          int64
	}
	ossPartList struct {
		XMLName              xml.Name `xml:"ListPartsResult"`
		EncodingType         string   `xml:",omitempty"`
		Bucket               string
		Key                  string
		UploadID             string `xml:"UploadId"`
		StorageClass         string
		PartNumberMarker     int
		NextPartNumberMarker int `xml:",omitempty"`
		MaxParts             int
		IsTruncated          bool
		Part                 []ossPart
	}
)

// ListParts lists the parts of an unfinished upload by their numbers.
func (a *Server) ListParts(ctx context.Context, c *Call) (any, error) {
	const marker = "part-number-marker"
	as, err := c.encoded()
	if err != nil {
		return nil, err
	}
	n, err := c.count("max-parts", 1000, 1000)
	if err != nil {
		return nil, err
	}
	after := 0
	if text := c.Params[marker]; text != "" {
		if after, err = strconv.Atoi(text); err != nil || after < 0 {
			return nil, badArgument(marker, text)
		}
	}
	m, parts, more, err := a.DB.ListParts(ctx, c.By, c.upload(), after, n)
	if err != nil {
		return nil, err
	}
	list := ossPartList{EncodingType: as.name(), Bucket: c.Bucket.Name, Key: as.text(m.Key), UploadID: m.ID, StorageClass: standard, PartNumberMarker: after, MaxParts: n, IsTruncated: more}
	for _, p := range parts {
		list.NextPartNumberMarker = p.Number
		list.Part = append(list.Part, ossPart{p.Number, xmlTime(p.CreatedAt), quoted(p.ETag()), p.CRC64, p.Size})
	}
	return &ossReply{xml: list}, nil
}
