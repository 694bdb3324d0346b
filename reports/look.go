package reports

// What the live page of reports/live has in common with the report.

// Stylesheet is the stylesheet of the report's page.
func Stylesheet() (string, error) {
	raw, err := pageFiles.ReadFile("page/report.css")
	return string(raw), err
}

// ModelName is the name of a model in tables; one unknown here keeps its id.
func ModelName(id string) string { return modelName(id) }

// ModelColor is the colour of a model in every figure, one of few.
func ModelColor(id string) string { return modelColor(id) }
