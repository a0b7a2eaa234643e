//! Charts as SVG inside the page: bars with their numbers, told apart by lightness and by a legend.

use plotters::prelude::*;

/// Width of every chart, in pixels of its own coordinate system.
const WIDTH: u32 = 900;

/// One bar: its name and its parts, in the order of the legend.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) parts: Vec<u64>,
}

/// Light to dark: they can be told apart without colour.
const FILLS: &[RGBColor] = &[RGBColor(196, 214, 232), RGBColor(226, 160, 70), RGBColor(122, 22, 34)];

/// Upright bars of stacked parts. An empty text if there is nothing to draw.
pub(super) fn upright(bars: &[Bar], legend: &[&str]) -> String {
    let most = bars.iter().map(|bar| bar.parts.iter().sum::<u64>()).max().unwrap_or(0);
    let mut svg = String::new();
    if most == 0 {
        return svg;
    }
    let drawn = draw_upright(&mut svg, bars, legend, most);
    finished(svg, drawn.is_some())
}

/// Lying bars of stacked parts, each with its name before it and its numbers behind it.
pub(super) fn lying(bars: &[Bar], legend: &[&str]) -> String {
    let most = bars.iter().map(|bar| bar.parts.iter().sum::<u64>()).max().unwrap_or(0);
    let mut svg = String::new();
    if most == 0 {
        return svg;
    }
    let drawn = draw_lying(&mut svg, bars, legend, most);
    finished(svg, drawn.is_some())
}

/// Lets the page set the size.
fn finished(svg: String, drawn: bool) -> String {
    match drawn {
        true => svg.replacen("<svg ", "<svg role=\"img\" class=\"chart\" ", 1),
        false => String::new(),
    }
}

fn draw_upright(svg: &mut String, bars: &[Bar], legend: &[&str], most: u64) -> Option<()> {
    let area = SVGBackend::with_string(svg, (WIDTH, 340)).into_drawing_area();
    let top = most + most / 8 + 1;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .x_label_area_size(30)
        .y_label_area_size(60)
        .build_cartesian_2d(0..bars.len() as i32 * 10, 0..top as i64)
        .ok()?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(0)
        .label_style(("sans-serif", 13))
        .light_line_style(TRANSPARENT)
        .draw()
        .ok()?;
    for (part, name) in legend.iter().enumerate() {
        let fill = fill(part);
        let rectangles = bars.iter().enumerate().map(|(at, bar)| {
            let below: u64 = bar.parts.iter().take(part).sum();
            let here = bar.parts.get(part).copied().unwrap_or(0);
            let left = at as i32 * 10;
            let corners = [(left + 1, below as i64), (left + 9, (below + here) as i64)];
            Rectangle::new(corners, fill.filled())
        });
        chart
            .draw_series(rectangles)
            .ok()?
            .label(*name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 14, y + 6)], fill.filled()));
    }
    let style = ("sans-serif", 13).into_text_style(&area);
    for (at, bar) in bars.iter().enumerate() {
        let place = chart.backend_coord(&(at as i32 * 10 + 1, 0));
        area.draw_text(&bar.name, &style, (place.0, place.1 + 8)).ok()?;
    }
    legend_of(&mut chart)?;
    area.present().ok()
}

fn draw_lying(svg: &mut String, bars: &[Bar], legend: &[&str], most: u64) -> Option<()> {
    let height = bars.len() as u32 * 26 + 60;
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    let right = most + most / 3 + 1;
    let count = bars.len() as i32;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_top(34)
        .y_label_area_size(330)
        .build_cartesian_2d(0..right as i64, 0..count * 10)
        .ok()?;
    for (part, name) in legend.iter().enumerate() {
        let fill = fill(part);
        let rectangles = bars.iter().enumerate().map(|(at, bar)| {
            let before: u64 = bar.parts.iter().take(part).sum();
            let here = bar.parts.get(part).copied().unwrap_or(0);
            let low = (count - 1 - at as i32) * 10;
            let corners = [(before as i64, low + 1), ((before + here) as i64, low + 9)];
            Rectangle::new(corners, fill.filled())
        });
        chart
            .draw_series(rectangles)
            .ok()?
            .label(*name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 14, y + 6)], fill.filled()));
    }
    let style = ("sans-serif", 13).into_text_style(&area);
    for (at, bar) in bars.iter().enumerate() {
        let sum: u64 = bar.parts.iter().sum();
        let low = (count - 1 - at as i32) * 10;
        let end = chart.backend_coord(&(sum as i64, low + 7));
        let numbers: Vec<String> = bar.parts.iter().map(|part| super::grouped(*part)).collect();
        area.draw_text(&numbers.join(" + "), &style, (end.0 + 6, end.1)).ok()?;
        area.draw_text(&bar.name, &style, (8, end.1)).ok()?;
    }
    legend_of(&mut chart)?;
    area.present().ok()
}

fn fill(part: usize) -> RGBColor {
    FILLS.get(part).copied().unwrap_or(BLACK)
}

fn legend_of<'a, X, Y>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
) -> Option<()>
where
    X: plotters::coord::ranged1d::Ranged,
    Y: plotters::coord::ranged1d::Ranged,
{
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.filled())
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 13))
        .draw()
        .ok()
}
