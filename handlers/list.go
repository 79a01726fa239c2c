package handlers

import (
	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
)

// listPage is the page of a list that the request asks for, or what is nearest to
// it where its rows have been deleted.
func listPage(c *gin.Context) models.Page {
	return models.Page{After: c.Query("after"), Before: c.Query("before"), Near: true}
}

// listURL is the address of the requested list with those of its filters that
// are on.
func listURL(c *gin.Context, filters ...string) views.ListURL {
	u := views.ListURL{Path: c.Request.URL.Path, Query: map[string][]string{}}
	for _, name := range filters {
		if v := c.Query(name); v != "" {
			u.Query.Set(name, v)
		}
	}
	return u
}
