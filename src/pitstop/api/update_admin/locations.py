"""updateLocations: this system is the one location there is."""

from __future__ import annotations

from pitstop.api.update_admin.call import Call
from pitstop.wire.update_admin import Resource, ResourceList, location_resource


def list_locations(call: Call) -> ResourceList:
    return ResourceList(value=(location_resource(call.scope, call.system),))


def show_location(call: Call) -> Resource:
    return location_resource(call.scope, call.system)
