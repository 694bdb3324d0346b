package reports

import (
	"math"
	"testing"

	"infinibench/reports/table"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-4*math.Max(1, math.Abs(b)) }

// By hand with t(0.975, 2) = 4.302653: s = 2, half width 4.302653·2/√3 = 4.9683.
func TestMeanInterval(t *testing.T) {
	i := meanInterval([]float64{10, 12, 14})
	if !near(i.Mean, 12) || !near(i.Low, 7.03172) || !near(i.High, 16.96828) || i.N != 3 {
		t.Errorf("%+v", i)
	}
	if one := meanInterval([]float64{5}); one.Mean != 5 || one.contains(5) || one.limits() != table.None || one.String() != "5.000" {
		t.Errorf("one value: %+v, %s: want a mean and no interval", one, one)
	}
	if nothing := meanInterval(nil); nothing.N != 0 || nothing.mean() != table.None {
		t.Errorf("no value: %+v", nothing)
	}
}

// By hand with t(0.975, 1) = 12.7062. Of 2 and 8 the logs are ln 2 and 3 ln 2,
// so the mean is 4, s = √2·ln 2 and the half width 12.7062·ln 2 = 8.80727. The
// arithmetic interval, 5 ± 38, would reach below zero.
func TestGeometricInterval(t *testing.T) {
	i := geometricInterval([]float64{2, 8})
	if !near(i.Mean, 4) || !near(i.Low/(4*math.Exp(-8.80727)), 1) || !near(i.High/(4*math.Exp(8.80727)), 1) || i.N != 2 {
		t.Errorf("%+v", i)
	}
	// Of n = 3 with logs 1, 2, 3: s = 1, half width 4.302653/√3 = 2.484138,
	// so from e^(2-2.484138) to e^(2+2.484138).
	i = geometricInterval([]float64{math.E, math.E * math.E, math.E * math.E * math.E})
	if !near(i.Mean, 7.389056) || !near(i.Low, 0.616228) || !near(i.High/88.6005, 1) {
		t.Errorf("%+v", i)
	}
	if one := geometricInterval([]float64{5}); !near(one.Mean, 5) || one.limits() != table.None || one.contains(5) {
		t.Errorf("one value: %+v, want a mean and no interval", one)
	}
	if nothing := geometricInterval(nil); nothing.N != 0 || nothing.mean() != table.None {
		t.Errorf("no value: %+v", nothing)
	}
}

// By hand with t(0.975, 1) = 12.7062: the logs are ln 2 and ln 4, their mean
// 1.5 ln 2, s = ln 2/√2, half width 12.7062·ln 2/2 = 4.40363. Seeds 3 and 4
// have no partner.
func TestPairedRatio(t *testing.T) {
	i := pairedRatio(map[uint64]float64{1: 2, 2: 8, 3: 100}, map[uint64]float64{1: 1, 2: 2, 4: 7})
	if !near(i.Mean, 2.828427) || !near(i.Low, 2.828427*math.Exp(-4.40363)) || !near(i.High, 2.828427*math.Exp(4.40363)) || i.N != 2 {
		t.Errorf("%+v", i)
	}
	back := i.inverse()
	if !near(back.Mean, 1/2.828427) || !near(back.Low*i.High, 1) || !near(back.High*i.Low, 1) {
		t.Errorf("inverse %+v", back)
	}
}
