// Package views holds what people see: one .templ file for each resource, each
// component drawing the values it is given. Nothing here asks the database.
package views
