package models_test

import (
	"regexp"
	"testing"

	"quartermaster/models"
)

// A source that is accepted is oss://bucket/key and nothing else, and what the
// version shows as its bucket and its key is what was given.
func FuzzSource(f *testing.F) {
	for _, s := range []string{"oss://bucket/dir/a b.war", "oss://b/k", "oss:///k", "oss://bucket/", "oss://bucket", "OSS://bucket/k", "oss://Bucket/k",
		"oss://bucket//k", "oss://bucket/../k", "https://bucket/k", "oss://bucket/\x00", "oss://bucket/\xff", "oss://bucket/版本"} {
		f.Add(s)
	}
	form := regexp.MustCompile(`(?s)^oss://[a-z0-9-]{3,63}/.+$`)
	f.Fuzz(func(t *testing.T, s string) {
		in := models.PkgVersionInput{AppID: "wa-1", Label: "v1", Source: s}
		refused := models.Check(&in) != nil
		if s == "" || refused {
			return
		}
		v := models.PkgVersion{Source: in.Source}
		if !form.MatchString(s) || models.ObjectPath(v.Bucket(), v.Key()) != s {
			t.Errorf("%q: accepted, with bucket %q and key %q", s, v.Bucket(), v.Key())
		}
	})
}
