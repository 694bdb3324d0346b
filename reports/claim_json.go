package reports

import (
	"bytes"
	"encoding/json"
)

// claimJSON is one claim for programs, as claims.json has it.
type claimJSON struct {
	Claim   string      `json:"claim"`
	Verdict Verdict     `json:"verdict"`
	Paper   string      `json:"paper"`
	Ours    string      `json:"ours"`
	Scale   string      `json:"scale"`
	Why     string      `json:"why"`
	Remark  string      `json:"remark,omitempty"`
	Parts   []claimPart `json:"parts"`
}

// claimPart is the evidence of one row.
type claimPart struct {
	Who     string     `json:"who"`
	Verdict Verdict    `json:"verdict"`
	Why     string     `json:"why"`
	Ours    string     `json:"ours,omitempty"`
	Trial   *trialJSON `json:"trial,omitempty"`
}

// trialJSON is what a trial could have shown.
type trialJSON struct {
	Detectable *float64 `json:"detectable"` // as a fraction; null if it is not known
	Unit       string   `json:"unit,omitempty"`
	Over       string   `json:"over,omitempty"`
	Control    string   `json:"control,omitempty"`
	Lacks      string   `json:"lacks,omitempty"`
	Takes      string   `json:"takes,omitempty"`
}

// claimsJSON is the claims as a file for programs.
func claimsJSON(claims []claim) ([]byte, error) {
	all := []claimJSON{}
	for _, c := range claims {
		one := claimJSON{Claim: c.text, Verdict: c.verdict(), Paper: c.paper, Ours: c.ours(), Scale: c.scale, Why: c.why(), Remark: c.remark, Parts: []claimPart{}}
		for _, v := range c.evidence {
			part := claimPart{Who: v.who, Verdict: v.verdict, Why: v.why, Ours: v.ours}
			if t := v.trial; t != (Trial{}) {
				part.Trial = &trialJSON{Detectable: known(t.Detectable), Unit: t.Unit, Control: t.Control, Lacks: t.Lacks, Takes: t.Takes}
				if t.N > 0 {
					part.Trial.Over = t.over()
				}
			}
			one.Parts = append(one.Parts, part)
		}
		all = append(all, one)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(all)
	return out.Bytes(), err
}
