# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ipmitool prints of BMCs. No machine of the tests has one, but for the virtual one of QEMU's.

Those of QEMU were recorded: ipmitool 1.8.19 of Debian 13 on a virtual machine of the lab's (docs/lab.md). The others
are what people have shown of their machines in public, by the source that stands beside each, shortened, with other
addresses and names; what nobody showed together was put together from several, in the format of ipmitool's source
(release 1.8.19: lib/ipmi_sdr.c, ipmi_channel.c, ipmi_lanp.c, ipmi_lanp6.c, ipmi_chassis.c, ipmi_mc.c). Blanks at the
ends of lines are left out.
"""

from __future__ import annotations

import typing as t

Json = dict[str, t.Any]

# --- QEMU 7.2, ipmi-bmc-sim (recorded) ---
QEMU_INFO = """\
Device ID                 : 32
Device Revision           : 0
Firmware Revision         : 2.51
IPMI Version              : 2.0
Manufacturer ID           : 0
Manufacturer Name         : Unknown
Product ID                : 0 (0x0000)
Product Name              : Unknown (0x00)
Device Available          : yes
Provides Device SDRs      : no
Additional Device Support :
    Sensor Device
    SDR Repository Device
    SEL Device
"""
QEMU_SENSORS = "Watchdog         | 00h | ok  | 35.1 | \n"
QEMU_CHASSIS = """\
System Power         : on
Power Overload       : false
Power Interlock      : inactive
Main Power Fault     : false
Power Control Fault  : false
Power Restore Policy : unknown
Last Power Event     :
Chassis Intrusion    : inactive
Front-Panel Lockout  : inactive
Drive Fault          : false
Cooling/Fan Fault    : false
Front Panel Control  : none
"""
QEMU_NO_CHANNEL = "IPMI command failed: Invalid command\nUnable to Get Channel Info\n"

# --- Dell, iDRAC ---
# mc info: the octets are those of an iDRAC 8 (its firmware is called 3.30.30.30).
DELL_INFO = """\
Device ID                 : 32
Device Revision           : 1
Firmware Revision         : 3.30
IPMI Version              : 2.0
Manufacturer ID           : 674
Manufacturer Name         : DELL Inc
Product ID                : 256 (0x0100)
Product Name              : Unknown (0x100)
Device Available          : yes
Provides Device SDRs      : yes
Additional Device Support :
    Sensor Device
    SDR Repository Device
    SEL Device
    FRU Inventory Device
    IPMB Event Receiver
    Bridge
    Chassis Device
Aux Firmware Rev Info     :
    0x00
    0x3c
    0x1e
    0x1e
"""
# Sensors of a PowerEdge of the 12th generation, where both supplies and all fans are well; one processor is not there.
DELL_SENSORS = """\
SEL              | 72h | ns  |  7.1 | No Reading
Intrusion        | 73h | ok  |  7.1 |
Fan1A            | 30h | ok  |  7.1 | 9240 RPM
Fan1B            | 31h | ok  |  7.1 | 8280 RPM
Inlet Temp       | 04h | ok  |  7.1 | 24 degrees C
Exhaust Temp     | 01h | ok  |  7.1 | 38 degrees C
Temp             | 0Eh | ok  |  3.1 | 44 degrees C
Temp             | 0Fh | ns  |  3.2 | Disabled
Current 1        | 6Ah | ok  | 10.1 | 0.60 Amps
Current 2        | 6Bh | ok  | 10.2 | 0.60 Amps
Voltage 1        | 6Ch | ok  | 10.1 | 224 Volts
Pwr Consumption  | 77h | ok  |  7.1 | 133 Watts
Fan Redundancy   | 75h | ok  |  7.1 | Fully Redundant
PS Redundancy    | 74h | ok  |  7.1 | Fully Redundant
Status           | 62h | ok  | 10.1 | Presence detected
Status           | 63h | ok  | 10.2 | Presence detected
CMOS Battery     | 10h | ok  |  7.1 |
USB Cable Pres   | 50h | ok  |  7.1 | Connected
"""
# The second supply has no mains, as administrators of such machines have shown: ipmitool calls its sensor ok.
DELL_NO_MAINS = DELL_SENSORS.replace(
    "| 63h | ok  | 10.2 | Presence detected", "| 63h | ok  | 10.2 | Presence detected, Power Supply AC lost"
).replace("74h | ok  |  7.1 | Fully Redundant", "74h | ok  |  7.1 | Redundancy Degraded")
# Another was pulled out: its sensor is not read any more, and nothing calls that a fault (for Supermicro's: issue 66 of
# github.com/thomas-krenn/check_ipmi_sensor_v3).
DELL_PULLED = DELL_SENSORS.replace("63h | ok  | 10.2 | Presence detected", "63h | ns  | 10.2 | No Reading").replace(
    "74h | ok  |  7.1 | Fully Redundant", "74h | ns  |  7.1 | No Reading"
)
DELL_LAN = """\
Set in Progress         : Set Complete
Auth Type Support       : NONE MD2 MD5 PASSWORD
Auth Type Enable        : Callback : MD2 MD5
                        : User     : MD2 MD5
                        : Operator : MD2 MD5
                        : Admin    : MD2 MD5
                        : OEM      :
IP Address Source       : Static Address
IP Address              : 10.145.1.21
Subnet Mask             : 255.255.255.0
MAC Address             : 00:1a:a0:00:00:01
SNMP Community String   : public
IP Header               : TTL=0x40 Flags=0x40 Precedence=0x00 TOS=0x10
Default Gateway IP      : 10.145.1.1
Default Gateway MAC     : 00:00:00:00:00:00
Backup Gateway IP       : 0.0.0.0
Backup Gateway MAC      : 00:00:00:00:00:00
802.1q VLAN ID          : Disabled
802.1q VLAN Priority    : 0
RMCP+ Cipher Suites     : 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14
Cipher Suite Priv Max   : Xaaaaaaaaaaaaaa
                        :     X=Cipher Suite Unused
                        :     c=CALLBACK
                        :     u=USER
                        :     o=OPERATOR
                        :     a=ADMIN
                        :     O=OEM
Bad Password Threshold  : Not Available
"""
# As many are delivered: suite 0 is for administrators.
DELL_SUITE_ZERO = DELL_LAN.replace("Xaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa")
CHANNEL = """\
Channel 0x1 info:
  Channel Medium Type   : 802.3 LAN
  Channel Protocol Type : IPMB-1.0
  Session Support       : multi-session
  Active Session Count  : 0
  Protocol Vendor ID    : 7154
  Volatile(active) Settings
    Alerting            : disabled
    Per-message Auth    : disabled
    User Level Auth     : enabled
    Access Mode         : always available
  Non-Volatile Settings
    Alerting            : disabled
    Per-message Auth    : disabled
    User Level Auth     : enabled
    Access Mode         : always available
"""
# IPMI over the LAN is switched off, until the next restart of the BMC.
CHANNEL_CLOSED = CHANNEL.replace("always available", "disabled", 1)
CHANNEL_SMBUS = """\
Channel 0x4 info:
  Channel Medium Type   : SMBus v2.0
  Channel Protocol Type : IPMI-SMBus
  Session Support       : session-less
  Active Session Count  : 0
  Protocol Vendor ID    : 7154
"""

# --- Supermicro ---
# github.com/jhoblitt/puppet-ipmi: suite 0 is not on the list, and the places of the others are by their number.
SUPERMICRO_LAN = """\
Set in Progress         : Set Complete
Auth Type Support       : NONE MD2 MD5 PASSWORD
Auth Type Enable        : Callback : MD2 MD5 PASSWORD
                        : User     : MD2 MD5 PASSWORD
                        : Operator : MD2 MD5 PASSWORD
                        : Admin    : MD2 MD5 PASSWORD
                        : OEM      : MD2 MD5 PASSWORD
IP Address Source       : DHCP Address
IP Address              : 10.145.1.21
Subnet Mask             : 255.255.255.128
MAC Address             : 0c:c4:7a:00:00:01
SNMP Community String   : public
IP Header               : TTL=0x00 Flags=0x00 Precedence=0x00 TOS=0x00
BMC ARP Control         : ARP Responses Enabled, Gratuitous ARP Disabled
Default Gateway IP      : 10.145.1.1
802.1q VLAN ID          : Disabled
802.1q VLAN Priority    : 0
RMCP+ Cipher Suites     : 1,2,3,6,7,8,11,12
Cipher Suite Priv Max   : XaaaXXaaaXXaaXX
                        :     X=Cipher Suite Unused
Bad Password Threshold  : Not Available
"""
# A board with one supply that no sensor watches, and with places for fans that nobody built in (a notebook of
# its owner's in public).
SUPERMICRO_SENSORS = """\
CPU Temp         | 01h | ok  |  3.1 | 54 degrees C
System Temp      | 0Bh | ok  |  7.11 | 55 degrees C
DIMMA1 Temp      | B0h | ok  | 32.64 | 42 degrees C
DIMMA2 Temp      | B1h | ns  | 32.65 | No Reading
FAN1             | 41h | ok  | 29.1 | 1300 RPM
FAN2             | 42h | ns  | 29.2 | No Reading
12V              | 30h | ok  |  7.48 | 12.51 Volts
VBAT             | 33h | ok  |  7.51 | 3.20 Volts
Chassis Intru    | AAh | ok  | 23.1 |
"""
# A fan that stands still, as its thresholds make of it (IPMI 2.0 section 36.2: lower non-recoverable).
SUPERMICRO_FAN = SUPERMICRO_SENSORS.replace(
    "FAN1             | 41h | ok  | 29.1 | 1300 RPM", "FAN1             | 41h | lnr | 29.1 | 0 RPM"
)
# A supply that has failed: tests of Checkmk (github.com/Checkmk/checkmk, ipmi_discrete).
SUPERMICRO_FAILED = SUPERMICRO_SENSORS + (
    "PS1 Status       | C8h | ok  | 10.1 | Presence detected, Failure detected\n"
    "PS2 Status       | C9h | ok  | 10.2 | Presence detected\n"
)

# --- HP, iLO ---
# github.com/CollegeBoreal/Laboratoires, 3202/proliant/IPMI/README.md: a ProLiant of which one supply has failed.
HP_INFO = """\
Device ID                 : 19
Device Revision           : 1
Firmware Revision         : 1.28
IPMI Version              : 2.0
Manufacturer ID           : 11
Manufacturer Name         : Hewlett-Packard
Product ID                : 8192 (0x2000)
Product Name              : Unknown (0x2000)
Device Available          : yes
Provides Device SDRs      : yes
Additional Device Support :
    Sensor Device
    SDR Repository Device
    SEL Device
    FRU Inventory Device
"""
HP_FAILED = """\
VRM 1            | 01h | ok  |  9.1 | Device Present
UID Light        | 03h | ok  | 23.1 |
Power Supply 1   | 06h | ok  | 10.1 | 0 Watts, Presence detected, Failure detected
Power Supply 2   | 07h | ok  | 10.2 | 95 Watts, Presence detected
Power Supplies   | 08h | ok  | 10.3 | Non-Redundant: Sufficient from Redundant
Fan Block 1      | 09h | ok  |  7.1 | 21.56 percent, Transition to Running
Fans             | 0Dh | ok  |  7.5 | 0 percent, Fully Redundant
Temp 1           | 0Eh | ok  | 64.1 | 20 degrees C
Temp 4           | 11h | ns  |  8.1 | Disabled
Temp 12          | 19h | ok  | 10.4 | 32 degrees C
Memory           | 2Bh | ok  |  7.7 | Correctable ECC, Correctable ECC logging limit reached, Presence Detected
"""
HP_WELL = HP_FAILED.replace("0 Watts, Presence detected, Failure detected", "85 Watts, Presence detected").replace(
    "Non-Redundant: Sufficient from Redundant", "Fully Redundant"
)
# Its LAN is channel 2. Suite 0 is on the list, and unused.
HP_LAN = """\
Set in Progress         : Set Complete
Auth Type Support       :
Auth Type Enable        : Callback :
                        : User     :
                        : Operator :
                        : Admin    :
                        : OEM      :
IP Address Source       : Static Address
IP Address              : 10.145.1.21
Subnet Mask             : 255.255.255.0
MAC Address             : 3c:a8:2a:00:00:01
SNMP Community String   :
BMC ARP Control         : ARP Responses Enabled, Gratuitous ARP Disabled
Default Gateway IP      : 10.145.1.1
802.1q VLAN ID          : Disabled
802.1q VLAN Priority    : 0
RMCP+ Cipher Suites     : 0,1,2,3
Cipher Suite Priv Max   : XuuaXXXXXXXXXXX
                        :     X=Cipher Suite Unused
Bad Password Threshold  : Not Available
"""

# --- Intel, three channels (issue 14 of github.com/jhoblitt/puppet-ipmi): one of them without an address, and suite 0
# for callbacks.
INTEL_LAN = """\
Set in Progress         : Set Complete
Auth Type Support       : MD5 PASSWORD
Auth Type Enable        : Callback : MD5 PASSWORD
                        : User     : MD5 PASSWORD
                        : Operator : MD5 PASSWORD
                        : Admin    : MD5 PASSWORD
                        : OEM      :
IP Address Source       : Static Address
IP Address              : 0.0.0.0
Subnet Mask             : 0.0.0.0
MAC Address             : 00:1e:67:00:00:01
SNMP Community String   : public
RMCP+ Cipher Suites     : 0,1,2,3,4,6,7,8,9,11,12,13,15,16,17,18
Cipher Suite Priv Max   : caaaaaaaaaaaaaa
                        :     X=Cipher Suite Unused
Bad Password Threshold  : 0
Invalid password disable: no
User Lockout Interval   : 0
"""
# A driver's documentation (OpenStack Ironic, drivers/ipmitool): no password is asked for where a session calls back.
NONE_ENABLED = DELL_LAN.replace("Callback : MD2 MD5", "Callback : NONE MD2 MD5 PASSWORD OEM")
LAN6 = """\
IPv6 Header Traffic Class: 0
IPv6 Static Address 0:
    Enabled:        no
    Address:        ::/0
    Status:         disabled
IPv6 Dynamic Address 0:
    Source/Type:    SLAAC
    Address:        2001:db8:bbbb::12/64
    Status:         active
IPv6 Static Router 1:
    Address: ::
    MAC:     00:00:00:00:00:00
    Prefix:  ::/0
"""


def account(
    number: int, name: str = "", *, enabled: str = "disabled", messaging: str = "disabled", privilege: str = "NO ACCESS"
) -> str:
    """One account as ``ipmitool channel getaccess`` prints it."""
    return (
        f"\nUser ID              : {number}\nUser Name            : {name}\nFixed Name           : No\n"
        "Access Available     : call-in / callback\nLink Authentication  : disabled\n"
        f"IPMI Messaging       : {messaging}\nPrivilege Level      : {privilege}\n"
        + (f"Enable Status        : {enabled}\n" if enabled else "")
    )


def accounts(*each: str) -> str:
    """All accounts of a channel."""
    return "Maximum User IDs     : 16\nEnabled User IDs     : 1\n" + "".join(each)


ADMINISTRATOR = {"enabled": "enabled", "messaging": "enabled", "privilege": "ADMINISTRATOR"}
# What accounts are like where somebody took care: those of the vendor's have gone or are switched off.
CARE = accounts(account(1), account(2, "root", privilege="ADMINISTRATOR"), account(3, "imrs_noc", **ADMINISTRATOR))

Answers = t.Mapping[str, str | Json]
DELL: dict[str, str | Json] = {
    "-V": "ipmitool version 1.8.19\n",
    "mc info": DELL_INFO,
    "sdr elist": DELL_SENSORS,
    "chassis status": QEMU_CHASSIS,
    "channel info 1": CHANNEL,
    "lan print 1": DELL_LAN,
    "channel getaccess 1": CARE,
}
"""Of a machine whose BMC is as it has to be, by ipmitool's words."""
NOTHING: Json = {"rc": 1, "stdout": "", "stderr": "IPMI command failed: Invalid data field in request\n"}


def runner(answers: Answers) -> t.Any:
    """Commands of a machine whose ipmitool says so; anything else that is asked does not exist there."""

    def run(command: t.Sequence[str], timeout: float = 10.0) -> Json:
        assert timeout > 0
        assert command[0] == "ipmitool"
        found = answers.get(" ".join(command[1:]), NOTHING)
        return {"rc": 0, "stdout": found, "stderr": ""} if isinstance(found, str) else dict(found)

    return run


def devices(*names: str) -> dict[str, str]:
    """The kernel's files of a BMC."""
    return dict.fromkeys(names or ("dev/ipmi0", "sys/devices/platform/ipmi_bmc.0/firmware_revision"), "")
