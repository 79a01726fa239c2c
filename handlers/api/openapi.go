package api

import _ "embed"

// OpenAPI describes every operation that is served, as OpenAPI 3.1. Its tests
// compare it with the routes and with real replies, so that it holds no wish.
//
//go:embed openapi.json
var OpenAPI []byte
