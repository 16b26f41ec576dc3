//! DescribeConsumerGroups and DeleteGroups, with the error of each group.

use super::super::group::{Group, GroupError, GroupMember, GroupState, PerGroup};
use super::call::{Call, result_of};
use super::guard::{Owned, array, pointers};
use super::outcome::{NativeError, is_absent_group};
use super::raw;
use super::text::{c_string, text};
use rdkafka::bindings as sys;
use sys::rd_kafka_admin_op_t as Op;
use sys::rd_kafka_consumer_group_state_t as State;

impl Call<'_> {
    /// State and members of groups. librdkafka asks each coordinator by itself.
    pub(in super::super) fn describe_groups(&self, names: &[String]) -> Result<PerGroup<Group>, NativeError> {
        let names = names.iter().map(|n| c_string(n)).collect::<Result<Vec<_>, _>>()?;
        let mut list: Vec<_> = names.iter().map(|n| n.as_ptr()).collect();
        let event = self.admin(Op::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, false, |rk, options, queue| {
            // SAFETY: all are live for the call, which copies the names, and the list has the length given.
            unsafe { sys::rd_kafka_DescribeConsumerGroups(rk, list.as_mut_ptr(), list.len(), options, queue) }
        })?;
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_DescribeConsumerGroups_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result, array and descriptions are parts of the live event.
        let groups = unsafe {
            let items = sys::rd_kafka_DescribeConsumerGroups_result_groups(result.as_ptr(), &raw mut count);
            array(items.cast_const(), count)
        };
        // SAFETY: as above.
        Ok(groups.iter().filter_map(|group| unsafe { description(*group) }).collect())
    }

    /// Deletes groups with their offsets; one that does not exist is deleted.
    pub(in super::super) fn delete_groups(&self, names: &[String]) -> Result<PerGroup<()>, NativeError> {
        let wanted = names.iter().map(|name| deletion(name)).collect::<Result<Vec<_>, _>>()?;
        let mut list = pointers(&wanted);
        let event = self.admin(Op::RD_KAFKA_ADMIN_OP_DELETEGROUPS, false, |rk, options, queue| {
            // SAFETY: all are live for the call, and the list has the length given.
            unsafe { sys::rd_kafka_DeleteGroups(rk, list.as_mut_ptr(), list.len(), options, queue) }
        })?;
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_DeleteGroups_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result, array and results are parts of the live event.
        let groups = unsafe {
            let items = sys::rd_kafka_DeleteGroups_result_groups(result.as_ptr(), &raw mut count);
            array(items.cast_const(), count)
        };
        // SAFETY: as above.
        Ok(groups.iter().filter_map(|group| unsafe { group_result(*group) }).collect())
    }
}

fn deletion(group: &str) -> Result<Owned<sys::rd_kafka_DeleteGroup_t>, NativeError> {
    let name = c_string(group)?;
    // SAFETY: the name is live for the call, which copies it; the object is ours.
    unsafe { Owned::new(sys::rd_kafka_DeleteGroup_new(name.as_ptr()), sys::rd_kafka_DeleteGroup_destroy) }
        .ok_or_else(|| NativeError::local(format!("{group:?} cannot be the name of a group")))
}

/// Name and error of a group as a whole; a group that does not exist is none.
///
/// # Safety
/// `result` is live.
pub(super) unsafe fn group_result(
    result: *const sys::rd_kafka_group_result_t,
) -> Option<(String, Result<(), GroupError>)> {
    // SAFETY: live, by the caller's promise; its parts live as long as it.
    unsafe {
        let name = text(sys::rd_kafka_group_result_name(result))?;
        let outcome = match NativeError::check(sys::rd_kafka_group_result_error(result)) {
            Err(error) if !is_absent_group(error.code) => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        };
        Some((name, outcome))
    }
}

/// # Safety
/// `group` is live.
unsafe fn description(
    group: *const sys::rd_kafka_ConsumerGroupDescription_t,
) -> Option<(String, Result<Group, GroupError>)> {
    // SAFETY: live, by the caller's promise; its parts live as long as it.
    unsafe {
        let name = text(sys::rd_kafka_ConsumerGroupDescription_group_id(group))?;
        if let Err(error) = NativeError::check(sys::rd_kafka_ConsumerGroupDescription_error(group)) {
            let absent = is_absent_group(error.code);
            let absent = absent.then_some(Group { state: GroupState::Absent, members: Vec::new() });
            return Some((name, absent.ok_or_else(|| error.into())));
        }
        let count = sys::rd_kafka_ConsumerGroupDescription_member_count(group);
        let members = (0..count).map(|i| sys::rd_kafka_ConsumerGroupDescription_member(group, i));
        let mut members: Vec<_> = members.filter_map(|m| member(m)).collect();
        members.sort_by(|a, b| a.member_id.cmp(&b.member_id));
        let state = state(raw::rd_kafka_ConsumerGroupDescription_state(group));
        Some((name, Ok(Group { state, members })))
    }
}

/// # Safety
/// `member` is null or live.
unsafe fn member(member: *const sys::rd_kafka_MemberDescription_t) -> Option<GroupMember> {
    if member.is_null() {
        return None;
    }
    // SAFETY: live, by the caller's promise; its parts live as long as it. No reference is taken to an element of a
    // list: it holds an error, which the bindings declare as a Rust enum.
    unsafe {
        let mut partitions = Vec::new();
        let assignment = sys::rd_kafka_MemberDescription_assignment(member);
        if !assignment.is_null() {
            let list = sys::rd_kafka_MemberAssignment_partitions(assignment);
            let count = if list.is_null() { 0 } else { usize::try_from((*list).cnt).unwrap_or(0) };
            partitions.extend((0..count).filter_map(|i| {
                let element = (*list).elems.add(i);
                Some((text((*element).topic)?, u32::try_from((*element).partition).ok()?))
            }));
        }
        partitions.sort();
        Some(GroupMember {
            member_id: text(sys::rd_kafka_MemberDescription_consumer_id(member))?,
            client_id: text(sys::rd_kafka_MemberDescription_client_id(member)).unwrap_or_default(),
            host: text(sys::rd_kafka_MemberDescription_host(member)).unwrap_or_default(),
            partitions,
        })
    }
}

fn state(number: i32) -> GroupState {
    const REBALANCING: [State; 2] = [
        State::RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE,
        State::RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE,
    ];
    if REBALANCING.iter().any(|s| *s as i32 == number) {
        GroupState::Rebalancing
    } else if number == State::RD_KAFKA_CONSUMER_GROUP_STATE_STABLE as i32 {
        GroupState::Stable
    } else if number == State::RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY as i32 {
        GroupState::Empty
    } else if number == State::RD_KAFKA_CONSUMER_GROUP_STATE_DEAD as i32 {
        // Brokers describe a group they do not know as a dead one.
        GroupState::Absent
    } else {
        GroupState::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_apart_and_new_ones_are_no_error() {
        use GroupState::{Absent, Empty, Rebalancing, Stable, Unknown};
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6, 99].map(state),
            [Unknown, Rebalancing, Rebalancing, Stable, Absent, Empty, Unknown, Unknown]
        );
    }
}
