//! What each way of proving possession costs in time: table, JSON, chart.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::Serialize;

use super::page::{Page, Tone};
use super::table::{Grid, Rows};
use crate::base::stream::Seed;
use crate::base::time::Nanos;
use crate::keystore::{Latency, LatencyModel, Operations, Strategy};

/// Sums are told after these numbers of requests.
const TOLD: [usize; 2] = [10, 100];
/// The chart goes up to so many requests.
const CHARTED: usize = 100;
const SIZE: (u32, u32) = (900, 480);

/// Times of all strategies from one seed; serialises to the JSON of `tplab latency --json`.
#[derive(Clone, Debug, Serialize)]
pub struct LatencyReport {
    seed: u64,
    strategies: Vec<Row>,
    #[serde(skip)]
    sums: Vec<Vec<Nanos>>,
}

/// One strategy; times in whole nanoseconds.
#[derive(Clone, Debug, Serialize)]
struct Row {
    name: &'static str,
    once: Counts,
    each: Counts,
    #[serde(rename = "onceNanos")]
    paid_once: u64,
    #[serde(rename = "p50Nanos")]
    p50: u64,
    #[serde(rename = "p95Nanos")]
    p95: u64,
    after: Vec<After>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Counts {
    sign: u32,
    unwrap: u32,
    derive: u32,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct After {
    requests: usize,
    nanos: u64,
}

impl LatencyReport {
    /// Plays every strategy.
    #[must_use]
    pub fn of(seed: Seed) -> Self {
        let sums: Vec<_> = Strategy::ALL.iter().map(|one| one.after_each(CHARTED, seed)).collect();
        let rows = Strategy::ALL.iter().zip(&sums).map(|(strategy, sums)| {
            let times = strategy.times(seed);
            Row {
                name: strategy.label(),
                once: Counts::of(strategy.once()),
                each: Counts::of(strategy.each()),
                paid_once: times.once.0,
                p50: times.p50.0,
                p95: times.p95.0,
                after: TOLD.iter().filter_map(|requests| After::of(*requests, sums)).collect(),
            }
        });
        Self { seed: seed.0, strategies: rows.collect(), sums }
    }

    /// The table, and what it assumes.
    #[must_use]
    pub fn to_page(&self) -> Page {
        let mut page = Page::new();
        let heading = format!("Time in keys, in ms of simulated time (seed {})", self.seed);
        page.say(0, Tone::Heading, &heading);
        let after = TOLD.map(|requests| format!("after {requests}"));
        let columns = ["each request by", "p50", "p95", "paid once"].map(str::to_owned);
        let mut grid = Grid::with_columns(columns.into_iter().chain(after));
        for row in &self.strategies {
            let times = [row.p50, row.p95, row.paid_once].into_iter();
            let times = times.chain(row.after.iter().map(|after| after.nanos)).map(millis);
            grid.push([row.name.to_owned()].into_iter().chain(times));
        }
        page.table(&grid.to_text(Rows::Close, None), |_| Tone::Plain);
        page.gap();
        let hardware = LatencyModel::chrome_tpm();
        page.say(
            0,
            Tone::Plain,
            &format!(
                "Assumed, p50 and p95. In hardware: a signature {} (measured by Chrome on TPMs), a \
                 key agreement {}, a derivation {}. In memory: a signature {}, a key \
                 agreement {}, a derivation {}.",
                both(hardware.sign),
                both(hardware.unwrap),
                both(hardware.derive),
                both(LatencyModel::processor().sign),
                both(LatencyModel::processor().unwrap),
                both(LatencyModel::processor().derive),
            ),
        );
        page.say(
            0,
            Tone::Plain,
            "A request with a PRT is one at the token endpoint, its answer opened; one with DPoP is \
             any request. Sums are medians, with what is paid once.",
        );
        page
    }

    /// The chart: time in keys over requests, both axes logarithmic. An empty text if it cannot be
    /// drawn.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let mut svg = String::new();
        match self.draw(&mut svg) {
            Some(()) => svg,
            None => String::new(),
        }
    }

    fn draw(&self, svg: &mut String) -> Option<()> {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        area.fill(&WHITE).ok()?;
        let mut chart = ChartBuilder::on(&area)
            .caption("Median time in keys after so many requests", ("sans-serif", 17))
            .margin(10)
            .margin_right(190)
            .x_label_area_size(40)
            .y_label_area_size(80)
            .build_cartesian_2d((1.0..CHARTED as f64).log_scale(), (1e-3..1e5_f64).log_scale())
            .ok()?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_desc("requests")
            .x_label_formatter(&|requests| format!("{requests:.0}"))
            .y_label_formatter(&|millis| label(*millis))
            .label_style(("sans-serif", 13))
            .light_line_style(TRANSPARENT)
            .draw()
            .ok()?;
        let style = ("sans-serif", 13).into_text_style(&area);
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        for (at, (row, sums)) in self.strategies.iter().zip(&self.sums).enumerate() {
            let colour = COLOURS.get(at).copied().unwrap_or(BLACK);
            let points: Vec<_> =
                (1..).map(f64::from).zip(sums.iter().map(|sum| sum.0 as f64 / 1e6)).collect();
            let end = chart.backend_coord(points.last()?);
            chart.draw_series(LineSeries::new(points, colour.stroke_width(2))).ok()?;
            area.draw_text(row.name, &style.color(&colour), (end.0 + 8, end.1)).ok()?;
        }
        area.present().ok()
    }
}

/// Told apart by lightness as well; each line has its name at its end.
const COLOURS: &[RGBColor] = &[
    RGBColor(122, 22, 34),
    RGBColor(70, 110, 160),
    RGBColor(60, 130, 90),
    RGBColor(196, 120, 30),
    RGBColor(90, 90, 90),
];

impl Counts {
    const fn of(operations: Operations) -> Self {
        let Operations { sign, unwrap, derive } = operations;
        Self { sign, unwrap, derive }
    }
}

impl After {
    fn of(requests: usize, sums: &[Nanos]) -> Option<Self> {
        sums.get(requests.checked_sub(1)?).map(|sum| Self { requests, nanos: sum.0 })
    }
}

fn both(latency: Latency) -> String {
    format!("{} and {}", short(latency.p50), short(latency.p95))
}

/// `200 ms` or `2 us`.
fn short(time: Nanos) -> String {
    match time.0 / 1_000_000 {
        0 => format!("{} us", time.0 / 1000),
        millis => format!("{millis} ms"),
    }
}

/// Milliseconds: whole ones where there are many, else to the microsecond.
fn millis(nanos: u64) -> String {
    let millis = nanos as f64 / 1e6;
    if millis >= 10.0 { format!("{millis:.0}") } else { format!("{millis:.3}") }
}

fn label(millis: f64) -> String {
    if millis >= 1000.0 {
        format!("{:.0} s", millis / 1000.0)
    } else if millis >= 1.0 {
        format!("{millis:.0} ms")
    } else {
        format!("{:.0} us", millis * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_strategy_and_its_assumption() {
        let page = LatencyReport::of(Seed(1)).to_page().to_plain();
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        assert!(Strategy::ALL.iter().all(|strategy| page.contains(strategy.label())));
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains("a derivation 50 ms and 150 ms"), "{page}");
        assert!(
            page.contains("In memory: a signature 200 us and 400 us, a key agreement"),
            "{page}"
        );
    }

    #[test]
    fn the_chart_has_a_line_for_every_strategy_and_the_same_bytes() {
        let svg = LatencyReport::of(Seed(1)).to_svg();
        assert!(Strategy::ALL.iter().all(|strategy| svg.contains(strategy.label())));
        assert_eq!(svg, LatencyReport::of(Seed(1)).to_svg());
        assert_ne!(svg, LatencyReport::of(Seed(2)).to_svg());
    }
}
