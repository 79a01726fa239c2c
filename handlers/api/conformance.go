package api

import (
	_ "embed"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/views"
	"quartermaster/web"
)

// conformance is what the tests of this package tried. They write it and hold
// it against themselves.
//
//go:embed conformance.json
var conformance []byte

// Conformance shows which operation, field and error the tests have tried, and
// with which client.
func Conformance(c *gin.Context) error {
	var rows []views.ConformanceRow
	if err := json.Unmarshal(conformance, &rows); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.Conformance(rows, c.Query("part")))
}
