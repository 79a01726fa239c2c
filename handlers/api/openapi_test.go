package api_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"quartermaster/handlers/api"
)

// document is the description as a program reads it.
func document(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatalf("load openapi.json: %v", err)
	}
	return doc
}

func TestDescriptionIsValidOpenAPI(t *testing.T) {
	t.Parallel()
	if err := document(t).Validate(t.Context()); err != nil {
		t.Error(err)
	}
}
