//! Charts as SVG: lying bars with the interval of the median as a whisker.

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::criterion::Measurement;
use crate::table::time;

/// In pixels of the chart's own coordinate system.
const WIDTH: u32 = 900;
const ROW: u32 = 24;

/// Ours dark, others light: told apart without colour.
const OURS: RGBColor = RGBColor(122, 22, 34);
const OTHERS: RGBColor = RGBColor(166, 190, 214);

/// One bar.
struct Bar {
    name: String,
    ours: bool,
    median: f64,
    interval: (f64, f64),
}

/// A chart of a group, fastest first; nothing if nothing was measured. With several parameters the
/// bars of one parameter stand together.
pub fn of_group(all: &[Measurement], group: &str, title: &str) -> Option<String> {
    let mut here: Vec<&Measurement> = all.iter().filter(|one| one.group == group).collect();
    let parameter = |one: &Measurement| one.value.parse::<u64>().unwrap_or(0);
    here.sort_by(|a, b| {
        (parameter(a), &a.value).cmp(&(parameter(b), &b.value)).then(a.median.total_cmp(&b.median))
    });
    let bars: Vec<Bar> = here.into_iter().map(Bar::new).collect();
    let mut svg = String::new();
    let most = bars.iter().map(|bar| bar.interval.1.max(bar.median)).reduce(f64::max)?;
    draw(&mut svg, &bars, most, title).ok()?;
    Some(svg)
}

impl Bar {
    fn new(one: &Measurement) -> Self {
        let name = match (one.function.as_str(), one.value.as_str()) {
            ("", value) => value.to_owned(),
            (function, "") => function.to_owned(),
            (function, value) => format!("{function}, {value}"),
        };
        let ours = ["ours", "known"].iter().any(|word| one.function.starts_with(word));
        Self { name, ours, median: one.median, interval: one.interval }
    }
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(svg: &mut String, bars: &[Bar], most: f64, title: &str) -> Drawn {
    let height = u32::try_from(bars.len())? * ROW + 50;
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let heading = ("sans-serif", 15).into_text_style(&area);
    area.draw_text(title, &heading, (8, 10))?;
    let mut chart: Chart<'_, '_> = ChartBuilder::on(&area)
        .margin(8)
        .margin_top(34)
        .y_label_area_size(230)
        .build_cartesian_2d(0.0..most * 1.15, 0.0..bars.len() as f64)?;
    let label = ("sans-serif", 13).into_text_style(&area);
    for (at, bar) in bars.iter().enumerate() {
        let low = (bars.len() - 1 - at) as f64;
        let fill = if bar.ours { OURS } else { OTHERS };
        let body = Rectangle::new([(0.0, low + 0.15), (bar.median, low + 0.85)], fill.filled());
        let (from, to) = bar.interval;
        let whisker = PathElement::new(vec![(from, low + 0.5), (to, low + 0.5)], BLACK);
        chart.draw_series(std::iter::once(body))?;
        chart.draw_series(std::iter::once(whisker))?;
        let end = chart.backend_coord(&(to.max(bar.median), low + 0.75));
        area.draw_text(&time(bar.median), &label, (end.0 + 6, end.1))?;
        area.draw_text(&bar.name, &label, (8, end.1))?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::measured;

    #[test]
    fn every_bar_has_its_name_and_its_time() {
        let all = [("ring", "1", 50e3), ("known", "1", 20e3), ("ring", "100", 51e3)]
            .map(|(function, value, median)| measured("bare", function, value, median));
        let svg = of_group(&all, "bare", "Bare").unwrap();
        let place = |text: &str| svg.find(text).unwrap();
        assert!(place("known, 1\n") < place("ring, 1\n"), "fastest first");
        assert!(place("ring, 1\n") < place("ring, 100\n"), "parameters together");
        assert!(svg.contains("20.0 us") && svg.contains("51.0 us") && svg.contains("Bare"));
    }

    #[test]
    fn nothing_measured_is_no_chart() {
        assert_eq!(of_group(&[], "bare", "Bare"), None);
    }
}
