package api

import (
	"context"
	"encoding/xml"
	"errors"
	"strconv"
	"strings"

	"quartermaster/models"
	"quartermaster/web/sign"
)

// The parameters that the lists of OSS have.
var (
	ossPrefix   = Param{Name: "prefix"}
	ossMarker   = Param{Name: "marker"}
	ossMaxKeys  = Param{Name: "max-keys", Type: Number, Rules: "min=1,max=1000", Default: 100}
	ossEncoding = Param{Name: "encoding-type", Rules: "oneof=url"}
)

type ossOwner struct {
	ID          string
	DisplayName string
}

func ownerOf(by models.Actor) ossOwner { return ossOwner{by.TeamID, by.TeamID} }

// endpoint is the host of a request without a bucket.
func (c *Call) endpoint() string {
	return strings.TrimPrefix(strings.ToLower(c.request.Host), c.about.Bucket+".")
}

func listBuckets() Operation {
	return Operation{
		Name: "ListBuckets", Product: OSS(), Method: "GET", Path: ossRoot, Run: (*Server).ListBuckets,
		Params: []Param{ossPrefix, ossMarker, ossMaxKeys},
	}
}

type (
	ossListedBucket struct {
		XMLName          xml.Name `xml:"Bucket"`
		CreationDate     string
		ExtranetEndpoint string
		IntranetEndpoint string
		Location         string
		Name             string
		Region           string
		StorageClass     string
	}
	ossBucketList struct {
		XMLName     xml.Name `xml:"ListAllMyBucketsResult"`
		Prefix      string
		Marker      string
		MaxKeys     int
		IsTruncated bool
		NextMarker  string `xml:",omitempty"`
		Owner       ossOwner
		Buckets     []ossListedBucket `xml:"Buckets>Bucket"`
	}
)

// ListBuckets lists the team's buckets by their names.
func (a *Server) ListBuckets(ctx context.Context, c *Call) (any, error) {
	n, err := c.count("max-keys", 100, 1000)
	if err != nil {
		return nil, err
	}
	list := ossBucketList{Prefix: c.Params["prefix"], Marker: c.Params["marker"], MaxKeys: n, Owner: ownerOf(c.By), Buckets: []ossListedBucket{}}
	found, err := a.DB.ListBucketsNamed(ctx, c.By, list.Prefix, list.Marker, n+1)
	if err != nil {
		return nil, err
	}
	if list.IsTruncated = len(found) > n; list.IsTruncated {
		found = found[:n]
		list.NextMarker = found[n-1].Name
	}
	for _, b := range found {
		list.Buckets = append(list.Buckets, ossListedBucket{
			CreationDate: xmlTime(b.CreatedAt), ExtranetEndpoint: c.endpoint(), IntranetEndpoint: c.endpoint(),
			Location: "oss-" + b.Region, Name: b.Name, Region: b.Region, StorageClass: standard,
		})
	}
	return &ossReply{xml: list}, nil
}

// count is a parameter that says how many.
func (c *Call) count(name string, otherwise, most int) (int, error) {
	text, given := c.Params[name]
	if !given || text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most || text[0] == '+' {
		return 0, badArgument(name, text)
	}
	return n, nil
}

// standard is the one class of storage.
const standard = "Standard"

func putBucket() Operation {
	return Operation{
		Name: "PutBucket", Product: OSS(), Method: "PUT", Path: ossBucket, Writes: true, Run: (*Server).PutBucket,
		Params: []Param{{Name: "x-oss-acl", Rules: "oneof=private", Header: true}},
		Errors: []*Error{ossMalformedXML, ossInvalidLocation, ossHeld, ossBucketExists},
	}
}

// PutBucket makes sure that the team has the bucket: it orders one, as the form
// does, unless it is there.
func (a *Server) PutBucket(ctx context.Context, c *Call) (any, error) {
	var in struct {
		XMLName            xml.Name `xml:"CreateBucketConfiguration"`
		LocationConstraint string
		StorageClass       string
		DataRedundancyType string
	}
	if err := c.only(ossAccessDenied, "x-oss-acl", "private"); err != nil {
		return nil, err
	}
	if _, err := readXML(c.stream, mostXML, &in); errors.Is(err, errXML) {
		return nil, ossMalformedXML
	} else if err != nil {
		return nil, err
	}
	if in.StorageClass != "" && in.StorageClass != standard {
		return nil, ossNotImplemented.with("Header", "StorageClass")
	}
	// Whoever names the region in the signature or the host means it.
	region := c.claim.Region()
	if region == "" {
		region = sign.OSSRegion(c.request.Host)
	}
	meant := region != ""
	for _, other := range []string{strings.TrimPrefix(in.LocationConstraint, "oss-"), a.Region} {
		if region == "" {
			region = other
		}
	}
	b, err := a.DB.EnsureBucket(ctx, c.By, c.about.Bucket, region)
	switch {
	case errors.Is(err, models.ErrConflict), err == nil && meant && b.Region != region:
		return nil, ossBucketExists.with("BucketName", c.about.Bucket)
	case err != nil:
		return nil, err
	}
	return &ossReply{header: map[string]string{"Location": "/" + b.Name}}, nil
}

func getBucketInfo() Operation {
	return Operation{
		Name: "GetBucketInfo", Product: OSS(), Method: "GET", Path: ossBucket, Asks: "bucketInfo", Run: (*Server).GetBucketInfo, Errors: ossOfBucket,
		Note: "HEAD without a parameter does the same, without a body.",
	}
}

type (
	ossGrant struct {
		Grant string
	}
	ossBucketInfo struct {
		XMLName                xml.Name `xml:"Bucket"`
		AccessMonitor          string
		CreationDate           string
		ExtranetEndpoint       string
		IntranetEndpoint       string
		Location               string
		StorageClass           string
		DataRedundancyType     string
		TransferAcceleration   string
		CrossRegionReplication string
		Name                   string
		Owner                  ossOwner
		AccessControlList      ossGrant
	}
)

// GetBucketInfo tells what a bucket is.
func (a *Server) GetBucketInfo(_ context.Context, c *Call) (any, error) {
	b := c.Bucket
	return &ossReply{xml: struct {
		XMLName xml.Name `xml:"BucketInfo"`
		Bucket  ossBucketInfo
	}{Bucket: ossBucketInfo{
		AccessMonitor: "Disabled", CreationDate: xmlTime(b.CreatedAt), ExtranetEndpoint: c.endpoint(), IntranetEndpoint: c.endpoint(),
		Location: "oss-" + b.Region, StorageClass: standard, DataRedundancyType: "LRS", TransferAcceleration: "Disabled",
		CrossRegionReplication: "Disabled", Name: b.Name, Owner: ownerOf(c.By), AccessControlList: ossGrant{"private"},
	}}}, nil
}

func getBucketLocation() Operation {
	return Operation{Name: "GetBucketLocation", Product: OSS(), Method: "GET", Path: ossBucket, Asks: "location", Run: (*Server).GetBucketLocation, Errors: ossOfBucket}
}

// GetBucketLocation tells in which region a bucket is.
func (a *Server) GetBucketLocation(_ context.Context, c *Call) (any, error) {
	return &ossReply{xml: element{xml.Name{Local: "LocationConstraint"}, "oss-" + c.Bucket.Region}}, nil
}

func getBucketACL() Operation {
	return Operation{Name: "GetBucketAcl", Product: OSS(), Method: "GET", Path: ossBucket, Asks: "acl", Run: (*Server).GetBucketACL, Errors: ossOfBucket}
}

// ossPolicy says who may use something.
func ossPolicy(c *Call, grant string) *ossReply {
	return &ossReply{xml: struct {
		XMLName           xml.Name `xml:"AccessControlPolicy"`
		Owner             ossOwner
		AccessControlList ossGrant
	}{Owner: ownerOf(c.By), AccessControlList: ossGrant{grant}}}
}

// GetBucketACL tells that a bucket is private, as all are.
func (a *Server) GetBucketACL(_ context.Context, c *Call) (any, error) {
	return ossPolicy(c, "private"), nil
}

func putBucketACL() Operation {
	return Operation{
		Name: "PutBucketAcl", Product: OSS(), Method: "PUT", Path: ossBucket, Asks: "acl", Writes: true, Run: (*Server).PutBucketACL, Errors: ossOfBucket,
		Params: []Param{{Name: "x-oss-acl", Rules: "oneof=private", Header: true}},
	}
}

// PutBucketACL leaves a bucket private, and refuses everything else.
func (a *Server) PutBucketACL(_ context.Context, c *Call) (any, error) {
	if !c.By.May(models.Request) { // no grant is for this
		return nil, models.ErrForbidden
	}
	if err := c.only(ossAccessDenied, "x-oss-acl", "private"); err != nil {
		return nil, err
	}
	return &ossReply{}, nil
}

func deleteBucket() Operation {
	return Operation{
		Name: "DeleteBucket", Product: OSS(), Method: "DELETE", Path: ossBucket, Writes: true, Run: (*Server).DeleteBucket,
		Errors: append([]*Error{ossBucketNotEmpty}, ossOfBucket...),
	}
}

// DeleteBucket deletes a bucket that is empty.
func (a *Server) DeleteBucket(ctx context.Context, c *Call) (any, error) {
	if err := a.DB.DeleteBucket(ctx, c.By, c.Bucket.ID); err != nil {
		return nil, err
	}
	return &ossReply{status: noContent}, nil
}

func getBucketStat() Operation {
	return Operation{Name: "GetBucketStat", Product: OSS(), Method: "GET", Path: ossBucket, Asks: "stat", Run: (*Server).GetBucketStat, Errors: ossOfBucket}
}

// GetBucketStat tells how much a bucket holds.
func (a *Server) GetBucketStat(ctx context.Context, c *Call) (any, error) {
	uploads, err := a.DB.CountMultiparts(ctx, c.By, c.Bucket.ID)
	if err != nil {
		return nil, err
	}
	return &ossReply{xml: struct {
		XMLName                                    xml.Name `xml:"BucketStat"`
		Storage, ObjectCount, MultipartUploadCount int64
	}{Storage: c.Bucket.UsedBytes, ObjectCount: c.Bucket.ObjectCount, MultipartUploadCount: uploads}}, nil
}
