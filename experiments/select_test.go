package experiments

import (
	"slices"
	"strings"
	"testing"
)

func TestSelect(t *testing.T) {
	all := strings.Fields("a b-1 c d e")
	for _, test := range []struct{ list, want, wrong string }{
		{list: "0/3", want: "a d"},
		{list: "2/3", want: "c"},
		{list: "0/1", want: "a b-1 c d e"},
		{list: "5/6", want: ""},
		{list: "3/3", wrong: "want INDEX/OF with an index from 0 to OF-1"},
		{list: "-1/3", wrong: "want INDEX/OF"},
		{list: "0/0", wrong: "want INDEX/OF"},
		{list: "x/3", wrong: "want INDEX/OF"},
		{list: "e,b-1", want: "b-1 e"}, // in the order of the plan, and a name may look like a range
		{list: "0, 2-3 ,3", want: "a c d"},
		{list: "5", wrong: "5 is not within 0-4"},
		{list: "3-2", wrong: "3-2 is not within 0-4"},
		{list: "0,,1", wrong: `there is no cell ""`},
		{list: "b-2", wrong: "there is no cell \"b-2\"; `bench plan` lists them"},
	} {
		got, err := Select(all, test.list)
		if strings.Join(got, " ") != test.want || (err != nil) != (test.wrong != "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%q: %q, %v, want %q, %s", test.list, got, err, test.want, test.wrong)
		}
	}
}

// The tasks of an array share the cells: each belongs to one of them.
func TestSelectTask(t *testing.T) {
	all := strings.Fields("a b c d e f g")
	task := func(id, low, step, count string) ([]string, error) {
		env := map[string]string{"SLURM_ARRAY_TASK_ID": id, "SLURM_ARRAY_TASK_MIN": low, "SLURM_ARRAY_TASK_STEP": step, "SLURM_ARRAY_TASK_COUNT": count}
		return SelectTask(all, func(name string) string { return env[name] })
	}
	for _, array := range []struct {
		low, step, count string
		ids              []string
	}{
		{"0", "1", "3", []string{"0", "1", "2"}},
		{"1", "1", "3", []string{"1", "2", "3"}},
		{"10", "5", "2", []string{"10", "15"}},
		{"0", "1", "9", strings.Fields("0 1 2 3 4 5 6 7 8")}, // more tasks than cells
	} {
		var got []string
		for _, id := range array.ids {
			names, err := task(id, array.low, array.step, array.count)
			if err != nil {
				t.Error(err)
			}
			got = append(got, names...)
		}
		if slices.Sort(got); !slices.Equal(got, all) {
			t.Errorf("%+v: the tasks have %q", array, got)
		}
	}
	for _, wrong := range [][4]string{{"", "", "", ""}, {"x", "0", "1", "2"}, {"5", "1", "1", "3"}, {"2", "1", "2", "3"}} {
		if got, err := task(wrong[0], wrong[1], wrong[2], wrong[3]); err == nil || !strings.Contains(err.Error(), "--array=0-9") {
			t.Errorf("%q: %q, %v", wrong, got, err)
		}
	}
}
