// Command gosec looks for holes in the packages that go vet gives it, but not
// in their tests. Run by go vet, it looks again only at what has changed. It is
// a module of its own so that nobody fetches it who only runs the program.
package main

import (
	"strings"

	"github.com/securego/gosec/v2/goanalysis"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	check := *goanalysis.Analyzer
	check.Run = func(pass *analysis.Pass) (any, error) {
		report := pass.Report
		pass.Report = func(d analysis.Diagnostic) {
			if !strings.HasSuffix(pass.Fset.Position(d.Pos).Filename, "_test.go") {
				report(d)
			}
		}
		return goanalysis.Analyzer.Run(pass)
	}
	unitchecker.Main(&check)
}
