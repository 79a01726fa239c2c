package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/web/sign"
)

// key is an access key.
type key struct{ id, secret string }

// newKey makes an access key of the admin's in a desk that is not served.
func (d desk) newKey(ctx context.Context) (key, error) {
	db, err := models.Open(ctx, models.Options{Folder: d.folder, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return key{}, err
	}
	by, err := d.actor(ctx, db)
	if err != nil {
		return key{}, errors.Join(err, db.Close())
	}
	k, secret, err := db.CreateAccessKey(ctx, by, models.AccessKeyInput{Name: "bench", User: by.UserID})
	if err = errors.Join(err, db.Close()); err != nil {
		return key{}, err
	}
	return key{k.ID, secret}, nil
}

// calling signs a request anew each time, as its vendor's clients do.
func calling(s *server, k key, r sign.Request) request {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Host, r.Length = s.at, int64(len(r.Body))
	return func(int, int) []byte {
		nonce := fmt.Sprintf("bench-%d-%d", now().UnixNano(), serial.Add(1))
		var signed sign.Request
		switch {
		case strings.HasPrefix(r.Path, "/v1/"):
			signed = r.SignSDK(k.id, k.secret, now())
		case r.Path == "/":
			signed = r.SignRPC(k.id, k.secret, now(), nonce)
		default:
			signed = r.SignROA(k.id, k.secret, now(), nonce)
		}
		req, err := signed.HTTP("http://" + s.at)
		if err != nil {
			return nil
		}
		var b bytes.Buffer
		_ = req.Write(&b)
		return b.Bytes()
	}
}

func bss(operation string, params url.Values) sign.Request {
	q := url.Values{"Action": {operation}, "Version": {"2017-12-14"}, "Format": {"JSON"}}
	for name, values := range params {
		q[name] = values
	}
	return sign.Request{Method: "GET", Path: "/", Query: q.Encode()}
}

func webPlus(what, query string) sign.Request {
	return sign.Request{Method: "GET", Path: "/pop/v1/wam/" + what, Query: query, Header: http.Header{"X-Acs-Version": {"2019-03-20"}}}
}

var paged = url.Values{"PageNum": {"1"}, "PageSize": {"50"}}

// signed measures orders that scripts place by signed calls, beside the same
// orders placed by the form, and without a server at all.
func signed(b *bench) error {
	d, err := b.fill(b.few)
	if err != nil {
		return err
	}
	if d.folder, err = b.copied(d.folder); err != nil {
		return err
	}
	k, err := d.newKey(context.Background())
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := pinned(0, self, "-place", "2000", d.folder, d.admin.email, d.admin.password).Output()
	if err != nil {
		return fmt.Errorf("place without a server: %w", err)
	}
	nanos, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		return err
	}
	alone := time.Duration(nanos)
	s, err := b.serve(d)
	if err != nil {
		return err
	}
	call := calling(s, k, bss("CreateResourcePackage", url.Values{"ProductCode": {"cdnbag"}, "PackageType": {"FPT_cdnbag_deadlineAcc_NetworkOut_china_common"},
		"Specification": {"100"}, "Duration": {"6"}, "PricingCycle": {"Month"}}))
	for _, clients := range []int{1, 16} {
		m, err := b.turns(
			func() measured { return load(s, clients, b.length, 303, order(s)) },
			func() measured { return load(s, clients, b.length, 200, call) })
		if err != nil {
			return err
		}
		b.note(fmt.Sprintf("a second, %d clients: orders by form, by signed call", clients), "–", fmt.Sprintf("%.0f, %.0f", m[0].perSecond, m[1].perSecond), times(m[1].perSecond, m[0].perSecond))
		b.note("processor time of one: without a server, by form, by signed call", "–", ms(alone)+", "+ms(m[0].cpu)+", "+ms(m[1].cpu),
			fmt.Sprintf("%+.0f %% for the call", 100*(float64(m[1].cpu)/float64(alone)-1)))
	}
	// What verification and envelope take, without an order: a call that only
	// reads what costs next to nothing.
	m, err := b.turns(func() measured {
		return load(s, 1, b.length, 200, calling(s, k, bss("QueryProductList", url.Values{"PageNum": {"1"}, "PageSize": {"1"}})))
	})
	if err != nil {
		return err
	}
	b.note("processor time of a signed call that reads next to nothing", "–", ms(m[0].cpu), "")
	return nil
}

// signedLists measures the lists of the APIs.
func signedLists(b *bench) error {
	var at []*server
	var keys []key
	for _, rows := range []int{b.few, b.many} {
		d, err := b.fill(rows)
		if err != nil {
			return err
		}
		k, err := d.newKey(context.Background())
		if err != nil {
			return err
		}
		s, err := b.serve(d)
		if err != nil {
			return err
		}
		at, keys = append(at, s), append(keys, k)
	}
	for _, l := range []struct {
		name string
		call sign.Request
	}{
		{"QueryResourcePackageInstances", bss("QueryResourcePackageInstances", paged)},
		{"QueryOrders", bss("QueryOrders", paged)},
		{"DescribeApplications", webPlus("application", "PageSize=50")},
		{"DescribeApplications of a region", webPlus("application", "RegionId=cn-hangzhou&PageSize=50")},
		{"ListStores", sign.Request{Method: "POST", Path: "/v1/stores/list", Query: "limit=50"}},
		{"ListJobs", sign.Request{Method: "POST", Path: "/v1/jobs/list", Query: "limit=50"}},
	} {
		m, err := b.turns(
			func() measured { return load(at[0], 1, b.length, 200, calling(at[0], keys[0], l.call)) },
			func() measured { return load(at[1], 1, b.length, 200, calling(at[1], keys[1], l.call)) })
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		b.grown(l.name, "–", m[0], m[1])
	}
	return nil
}
