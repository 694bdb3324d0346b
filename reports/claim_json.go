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
	Detectable *float64 `json:"detectable"` // in the unit; null if unknown
	Unit       string   `json:"unit,omitempty"`
	Over       string   `json:"over,omitempty"` // "3 seeds"
	Control    string   `json:"control,omitempty"`
	Lacks      string   `json:"lacks,omitempty"`
	Takes      string   `json:"takes,omitempty"`
	Hours      float64  `json:"hours,omitempty"` // of one worker; 0 if unknown
}

// json is a trial as claims.json has it; nil for no trial.
func (t Trial) json() *trialJSON {
	if t.words() == "" {
		return nil
	}
	out := &trialJSON{Control: t.Control, Lacks: t.Lacks, Takes: t.Takes, Hours: t.Hours}
	if t.N > 0 {
		out.Unit, out.Over = t.Unit, t.over()
		out.Detectable = known(100 * t.Detectable)
	}
	return out
}

// claimsJSON is the claims as a file for programs.
func claimsJSON(claims []claim) ([]byte, error) {
	all := []claimJSON{}
	for _, c := range claims {
		one := claimJSON{Claim: c.text, Verdict: c.verdict(), Paper: c.paper, Ours: c.ours(), Scale: c.scale, Why: c.why(), Remark: c.remark, Parts: []claimPart{}}
		for _, v := range c.evidence {
			one.Parts = append(one.Parts, claimPart{Who: v.who, Verdict: v.verdict, Why: v.why, Ours: v.ours, Trial: v.trial.json()})
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
