//! Chooses, of all forms in which a pipeline can be written, the one that comes nearest to what is there.

use super::chain::Chain;
use super::spec::TopicRef;
use super::trial::{Trial, Tried};

/// Orders of targets that are tried: the entry view tells errors in theirs.
const ORDERS: usize = 4;

fn tried(chain: &Chain, trial: &Trial<'_>) -> Tried {
    trial.run(&chain.text(&|name| TopicRef::External { external: name.to_owned() }))
}

/// The chain in its best form, with what is wrong where it cannot be compiled at all.
pub fn fit(mut chain: Chain, trial: &Trial<'_>) -> (Chain, Tried) {
    let mut best = tried(&chain, trial);
    // Conversions are the compiler's where it makes the same of them, else they stand as expressions.
    if best.distance > 0 {
        let mut settled = chain.clone();
        for way in &mut settled.ways {
            let objects = best.made.iter().flat_map(|p| &p.objects);
            let view = objects.map(|o| &o.definition).find(|d| d.name == way.view);
            if let Some(query) = view.and_then(|v| v.query.as_ref()) {
                way.settle(query.as_str());
            }
        }
        better(&mut chain, &mut best, settled, trial);
    }
    let counts: Vec<usize> = chain.ways.iter().map(|w| w.forms().len()).collect();
    if best.distance == usize::MAX {
        let mut selects = chain.clone();
        for (way, form) in selects.ways.iter().zip(&mut selects.forms) {
            *form = way.forms().iter().position(|f| f.select.is_some()).unwrap_or_default();
        }
        better(&mut chain, &mut best, selects, trial);
    }
    for (target, count) in counts.iter().enumerate() {
        for form in 0..*count {
            if best.distance > 0 && form != chain.forms[target] {
                let mut other = chain.clone();
                other.forms[target] = form;
                better(&mut chain, &mut best, other, trial);
            }
        }
    }
    let direct: Vec<usize> = (0..chain.ways.len()).filter(|i| chain.ways[*i].bare.reads.is_none()).collect();
    if best.distance > 0 && best.distance < usize::MAX && (2..=ORDERS).contains(&direct.len()) {
        for order in orders(direct.len()) {
            let mut other = chain.clone();
            for (place, from) in order.iter().enumerate() {
                other.ways[direct[place]] = chain.ways[direct[*from]].clone();
                other.forms[direct[place]] = chain.forms[direct[*from]];
            }
            let found = tried(&other, trial);
            if found.distance < best.distance {
                (chain, best) = (other, found);
                break;
            }
        }
    }
    // Columns on the wire that follow from those of the targets need not be written.
    let mut derived = chain.clone();
    derived.source.columns.clear();
    let found = tried(&derived, trial);
    if found.made.is_some() && found.distance <= best.distance {
        return (derived, found);
    }
    (chain, best)
}

fn better(chain: &mut Chain, best: &mut Tried, other: Chain, trial: &Trial<'_>) {
    let found = tried(&other, trial);
    if found.distance < best.distance {
        *chain = other;
        *best = found;
    }
}

/// All orders of so many things but their own.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..count {
        let longer = |order: &Vec<usize>| {
            let free = (0..count).filter(|i| !order.contains(i)).collect::<Vec<_>>();
            free.into_iter().map(|i| order.iter().copied().chain([i]).collect()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all.remove(0);
    all
}
