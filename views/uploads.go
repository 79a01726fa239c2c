package views

import (
	"context"
	"net/url"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// UploadsProps is what the page of a bucket's unfinished uploads shows.
type UploadsProps struct {
	models.UploadsPage
	By models.Actor
}

// partsFrom is of how many bytes a file is sent in parts.
const partsFrom = "16777216"

// UploadsPath is the page of a bucket's unfinished uploads.
func UploadsPath(bucketID string) string { return "/buckets/" + bucketID + "/uploads" }

// UploadPath is where something is done to an unfinished upload.
func UploadPath(m models.Multipart, what string) string {
	return UploadsPath(m.BucketID) + "/" + m.ID + "/" + what + "?key=" + url.QueryEscape(m.Key)
}

// sent is how much of a file has come, where its size is known.
func (p UploadsProps) sent(ctx context.Context, m models.Multipart) string {
	sent := i18n.Bytes(ctx, p.Sent[m.ID])
	if m.Length == 0 {
		return sent
	}
	return i18n.T(ctx, "uploads.of", "Sent", sent, "Length", i18n.Bytes(ctx, m.Length))
}

// loss names an upload and what is lost with it; lost are all that are shown, with
// a word about others.
func (p UploadsProps) loss(ctx context.Context, m models.Multipart) string {
	return i18n.T(ctx, "objects.lost", "Name", ui.Visible(m.Key), "Size", p.sent(ctx, m))
}

func (p UploadsProps) lost(ctx context.Context) []string {
	var lost []string
	for _, m := range p.Uploads {
		lost = append(lost, p.loss(ctx, m))
	}
	if p.More {
		lost = append(lost, i18n.T(ctx, "uploads.more"))
	}
	return lost
}

// take is how much room all uploads of the bucket take.
func (p UploadsProps) take(ctx context.Context) string {
	key := "uploads.take-free"
	if p.Bucket.SizeLimit > 0 {
		key = "uploads.take"
	}
	return i18n.T(ctx, key, "Size", i18n.Bytes(ctx, p.Bucket.ReservedBytes))
}

func (p UploadsProps) pager() ui.PagerProps {
	if !p.More {
		return ui.PagerProps{}
	}
	last := p.Uploads[len(p.Uploads)-1]
	return ui.PagerProps{Older: withQuery(UploadsPath(p.Bucket.ID), "key", last.Key, "after", last.ID)}
}
